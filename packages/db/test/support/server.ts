import { startEmptyDatabase } from "@cliscale/local/testing";
import { Client } from "pg";

export interface TestServer {
  /** Makes an empty database that this user owns, the superuser if not said otherwise; returns its URL. */
  createDatabase(name: string, owner?: string): Promise<string>;
  /** Makes a user that can log in, for example with the attribute `createrole`. */
  createUser(name: string, attributes?: string): Promise<void>;
  /** The URL with which a user reaches a database. */
  urlFor(user: string, database: string): string;
  remove(): Promise<void>;
}

const superuser = "cliscale";

/** A real PostgreSQL server of the test's own, for databases and users of its own. */
export async function startTestServer(): Promise<TestServer> {
  const { url, ...server } = await startEmptyDatabase();
  const query = (text: string) => withClient(url, async (client) => void (await client.query(text)));
  const urlFor = (user: string, database: string) => {
    const changed = new URL(url);
    changed.pathname = `/${database}`;
    if (user !== superuser) Object.assign(changed, { username: user, password: user });
    return changed.href;
  };
  return {
    urlFor,
    async createDatabase(name, owner = superuser) {
      await query(`create database ${name} owner ${owner}`);
      return urlFor(owner, name);
    },
    createUser: (name, attributes = "") => query(`create role ${name} login password '${name}' ${attributes}`),
    remove: () => server.remove(),
  };
}

export async function withClient<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

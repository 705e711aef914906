import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort } from "@cliscale/local/ports";
import { startPostgres } from "@cliscale/local/postgres";
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

/** A real PostgreSQL server of the test's own, without a schema. */
export async function startTestServer(): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), "cliscale-migrations-"));
  // The server runs as another user where the tests run as root.
  await chmod(folder, 0o755);
  const postgres = await startPostgres({
    folder: join(folder, "postgres"),
    port: await findFreePort(),
    durable: false,
  });
  const urlFor = (user: string, database: string) => {
    const url = new URL(postgres.url);
    url.pathname = `/${database}`;
    if (user !== "cliscale") Object.assign(url, { username: user, password: user });
    return url.href;
  };
  return {
    urlFor,
    async createDatabase(name, owner = "cliscale") {
      await query(postgres.url, `create database ${name} owner ${owner}`);
      return urlFor(owner, name);
    },
    createUser: (name, attributes = "") =>
      query(postgres.url, `create role ${name} login password '${name}' ${attributes}`),
    async remove() {
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function query(url: string, text: string): Promise<void> {
  await withClient(url, (client) => client.query(text));
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

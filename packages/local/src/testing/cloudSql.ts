import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate } from "@cliscale/db/migrate";
import { Client } from "pg";
import type { AdminApi } from "../cloudSql/adminApi.ts";
import { startCloudSql } from "../cloudSql/standIn.ts";
import { startPostgres } from "../postgres/server.ts";
import { findFreePort } from "../stack/ports.ts";

/** The parts that log in, by roles of their own. */
export const parts = ["functions", "gateway", "migration"] as const;
type Part = (typeof parts)[number];

export interface TestCloudSql {
  instance: string;
  admin: AdminApi;
  /** The URL of the administrator, beside Cloud SQL. */
  administratorUrl: string;
  /** The URL by which a part logs in by IAM: host and password do not count. */
  urlOf(part: Part): string;
  /** The access token of a part's service account. */
  tokenOf(part: Part): string;
  remove(): Promise<void>;
}

const project = "test-project";
const userOf = (part: Part) => `${part}@${project}.iam`;
const tokenOf = (part: Part) => `token-of-${part}`;

/** A migrated database of the test's own behind a stand-in of Cloud SQL, which listens at this address of the machine. */
export async function startTestCloudSql(host: string): Promise<TestCloudSql> {
  const folder = await mkdtemp(join(tmpdir(), "cliscale-cloud-sql-"));
  // The server runs as another user where the tests run as root.
  await chmod(folder, 0o755);
  const postgresPort = await findFreePort();
  const postgres = await startPostgres({ folder: join(folder, "postgres"), port: postgresPort, durable: false });
  await migrate(postgres.url);
  await createIamUsers(postgres.url, join(postgres.home, "data/pg_hba.conf"));
  const instance = `${project}:us-central1:test-instance`;
  const principals = new Map(parts.map((part) => [tokenOf(part), `${userOf(part)}.gserviceaccount.com`]));
  const cloudSql = await startCloudSql({ instance, host, postgresPort, principals });
  return {
    instance,
    admin: cloudSql.admin,
    administratorUrl: postgres.url,
    urlOf: (part) => `postgres://${encodeURIComponent(userOf(part))}@cloud-sql/cliscale`,
    tokenOf,
    async remove() {
      await cloudSql.stop();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Users without a password, whom the server lets in because what stands before it has found out who they are. */
async function createIamUsers(administratorUrl: string, accessFile: string): Promise<void> {
  const database = new Client({ connectionString: administratorUrl });
  await database.connect();
  try {
    const lines = parts.map((part) => `host all "${userOf(part)}" 127.0.0.1/32 trust\n`);
    // The first line that fits counts; the file ends with those of everybody.
    await prepend(accessFile, lines.join(""));
    for (const part of parts) await database.query(`create role "${userOf(part)}" login in role cliscale_${part}`);
    await database.query("select pg_reload_conf()");
  } finally {
    await database.end();
  }
}

async function prepend(file: string, text: string): Promise<void> {
  await writeFile(file, text + (await readFile(file, "utf8")));
}

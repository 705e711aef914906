import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate } from "@cliscale/db/migrate";
import { startPostgres } from "../postgres/server.ts";
import { root } from "../settings.ts";
import { findFreePort } from "../stack/ports.ts";

export interface TestDatabase {
  /** Of the database `cliscale`, as the server's superuser. */
  url: string;
  /** Stops the server and removes its cluster. */
  remove(): Promise<void>;
}

/** A migrated database on a real PostgreSQL server of the test's own. */
export async function startTestDatabase(): Promise<TestDatabase> {
  const database = await startEmptyDatabase();
  await migrate(database.url);
  return database;
}

/** The same without a schema. */
export async function startEmptyDatabase(): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), "cliscale-database-"));
  // The server runs as another user where the tests run as root.
  await chmod(folder, 0o755);
  const postgres = await startPostgres({
    folder: join(folder, "postgres"),
    port: await findFreePort(),
    durable: false,
    template: await clusterTemplate(),
  });
  return {
    url: postgres.url,
    async remove() {
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Making a cluster takes a second of a core, and every test file has its own: they are copies of one that this checkout keeps. */
async function clusterTemplate(): Promise<string> {
  const folder = join(root, ".cliscale/test-clusters");
  await mkdir(folder, { recursive: true });
  // What makes it, and for whom: PostgreSQL wants a cluster to be its user's own.
  const makers = ["packages/local/src/postgres/server.ts", "package-lock.json"].map((path) =>
    readFile(join(root, path)),
  );
  const made = createHash("sha256").update(`${process.getuid?.()}`);
  for (const text of await Promise.all(makers)) made.update(text);
  return join(folder, made.digest("hex").slice(0, 16));
}

/** Limits that no test reaches, for `insertSession` and `startQueuedSessions`. */
export const noLimits = {
  perUser: 1_000_000,
  inTotal: 1_000_000,
  createsPerMinute: 1_000_000,
  sessionsTotal: 1_000_000,
  launchSeconds: 40,
};

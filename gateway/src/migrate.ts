// `migrate`: brings the database to the newest schema, before the gateways that need it are started; `migrate down` undoes the
// last migration. It says why it failed, and leaves of a migration that failed nothing behind.
import { setTimeout as delay } from "node:timers/promises";
import { migrate, type MigrationStep } from "@cliscale/db/migrate";
import { cloudSqlFields, cloudSqlOf, createLogger, integer, readEnvironment } from "@cliscale/service";
import * as z from "zod";

/** Between two tries. */
const pauseMilliseconds = 1_000;

/** What passes by itself: errors of the network, and PostgreSQL's own codes for starting, being full and a lock that is held. */
const passing: Record<string, string> = {
  ECONNREFUSED: "nothing listens at the address of CLISCALE_DATABASE_URL",
  ECONNRESET: "the database cut the connection",
  ENOTFOUND: "the host of CLISCALE_DATABASE_URL is not known",
  EAI_AGAIN: "DNS does not answer",
  ETIMEDOUT: "the database does not answer: does a NetworkPolicy admit this pod to it?",
  "57P03": "the database is starting",
  "53300": "the database has no connection left",
  "55P03": "somebody holds a table that the migration changes",
};

const logger = createLogger("migration");
try {
  const step = readStep(process.argv[3]);
  const settings = readEnvironment({
    CLISCALE_DATABASE_URL: z.url("must be a URL"),
    ...cloudSqlFields,
    CLISCALE_MIGRATION_WAIT_SECONDS: integer(0, 3600).default(120),
  });
  const until = performance.now() + settings.CLISCALE_MIGRATION_WAIT_SECONDS * 1000;
  const migrations = await migrateUntil(
    () => migrate(settings.CLISCALE_DATABASE_URL, step, cloudSqlOf(settings)),
    until,
  );
  logger.info({ step, migrations }, migrations.length === 0 ? "nothing to migrate" : "migrated");
} catch (error) {
  logger.fatal({ err: error }, `the database was not migrated: ${reasonOf(error)}`);
  process.exitCode = 1;
}

async function migrateUntil(run: () => Promise<string[]>, until: number): Promise<string[]> {
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (!Object.hasOwn(passing, codeOf(error)) || performance.now() > until) throw error;
      logger.warn({ code: codeOf(error) }, `trying again: ${reasonOf(error)}`);
      await delay(pauseMilliseconds);
    }
  }
}

function readStep(argument: string | undefined): MigrationStep {
  if (argument === undefined) return "latest";
  if (argument === "down") return "down";
  throw new Error(`migrate takes no argument or \`down\`, not ${argument}`);
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "";
}

function reasonOf(error: unknown): string {
  return passing[codeOf(error)] ?? (error instanceof Error ? error.message : String(error));
}

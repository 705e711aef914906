// Brings the database of CLISCALE_DATABASE_URL to the newest schema: what the chart's migration Job runs.
import { migrate } from "@cliscale/db/migrate";
import { createLogger, readEnvironment } from "@cliscale/service";
import * as z from "zod";

const logger = createLogger("migration");
const { CLISCALE_DATABASE_URL } = readEnvironment({ CLISCALE_DATABASE_URL: z.string().min(1) });
try {
  const migrations = await migrate(CLISCALE_DATABASE_URL);
  logger.info({ migrations }, "the database has the newest schema");
} catch (error) {
  logger.error({ err: error }, "the database could not be migrated");
  process.exitCode = 1;
}

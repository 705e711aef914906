import { createLogger, port, readEnvironment, runUntilStopped } from "@cliscale/service";
import { join } from "node:path";
import * as z from "zod";
import { startPostgres } from "./server.ts";

const logger = createLogger("postgres");
const environment = readEnvironment({ CLISCALE_POSTGRES_PORT: port, CLISCALE_STATE_DIR: z.string().min(1) });

const postgres = await startPostgres({
  folder: join(environment.CLISCALE_STATE_DIR, "postgres"),
  port: environment.CLISCALE_POSTGRES_PORT,
});
let stopping = false;
runUntilStopped(logger, () => {
  stopping = true;
  return postgres.stop();
});
process.send?.({ ready: true });

const lastWords = await postgres.ended;
if (!stopping) {
  logger.error({ log: lastWords }, "PostgreSQL ended on its own");
  process.exit(1);
}

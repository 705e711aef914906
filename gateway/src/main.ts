import { createPool, gatewayConnections } from "@cliscale/db";
import { createLogger, runUntilStopped } from "@cliscale/service";
import { defaultDeadlines } from "./deadlines.ts";
import { readSettings } from "./env.ts";
import { createGateway } from "./gateway.ts";

const logger = createLogger("gateway");
const settings = readSettings();
const pool = createPool({
  connectionString: settings.databaseUrl,
  cloudSql: settings.cloudSql,
  applicationName: "cliscale-gateway",
  max: gatewayConnections,
  onError: (error) => logger.warn({ err: error }, "a connection to PostgreSQL broke"),
});
const gateway = createGateway({ settings, pool, logger });

runUntilStopped(
  logger,
  async (signal) => {
    logger.info({ signal }, "draining");
    await gateway.stop();
    await pool.end();
  },
  settings.drainSeconds * 1000 + 2 * defaultDeadlines.close,
  () => gateway.hurry(),
);
// The first connection to Cloud SQL takes longer than an attach may. An outage is for attaches to tell, and keeps no gateway from starting.
await pool.query("select 1").catch((error: unknown) => logger.warn({ err: error }, "the database does not answer yet"));
await gateway.start();
logger.info({ port: gateway.port, adminPort: gateway.adminPort }, "ready");
process.send?.({ ready: true });

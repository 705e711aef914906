import { createPool, gatewayConnections } from "@cliscale/db";
import { createLogger, runUntilStopped } from "@cliscale/service";
import { defaultDeadlines } from "./deadlines.ts";
import { readSettings } from "./env.ts";
import { createGateway } from "./gateway.ts";

const logger = createLogger("gateway");
const settings = readSettings();
const pool = createPool({
  connectionString: settings.databaseUrl,
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
await gateway.start();
logger.info({ port: gateway.port, adminPort: gateway.adminPort }, "ready");
process.send?.({ ready: true });

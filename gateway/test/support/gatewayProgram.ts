// A gateway in a process of its own, with deadlines of the test's, that tells over IPC what it holds.
import { createPool } from "@cliscale/db";
import { createLogger } from "@cliscale/service";
import { readSettings } from "../../src/env.ts";
import { createGateway } from "../../src/gateway.ts";

const settings = readSettings();
const pool = createPool({ connectionString: settings.databaseUrl, applicationName: "test", max: 4, onError() {} });
// All connections that the pool will ever have, so that they are not taken for clients'.
await Promise.all(Array.from({ length: 4 }, () => pool.query("select pg_sleep(0.05)")));
const gateway = createGateway({
  settings,
  pool,
  logger: createLogger("gateway"),
  deadlines: JSON.parse(process.env["TEST_DEADLINES"] ?? "{}"),
});
await gateway.start();

process.on("message", () => {
  const sockets = process.getActiveResourcesInfo().filter((resource) => resource === "TCPSocketWrap").length;
  process.send?.({ sockets, rss: process.memoryUsage.rss() });
});
process.on("disconnect", () => process.exit());
process.send?.({ port: gateway.port });

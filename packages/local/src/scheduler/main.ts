import { createLogger, port, readEnvironment, runUntilStopped } from "@cliscale/service";
import * as z from "zod";
import { acceptFaults } from "../grpc/faultMessages.ts";
import { scheduledFunction } from "./deploy.ts";
import { startScheduler } from "./server.ts";

/** The scheduled functions that ship. */
const shipped = JSON.stringify([
  { name: "sweepSessions", schedule: "* * * * *" },
  { name: "rotateSigningKey", schedule: "0 3 * * *" },
]);

const logger = createLogger("scheduler");
const environment = readEnvironment({
  CLISCALE_SCHEDULER_PORT: port.default(9011),
  CLISCALE_FUNCTIONS_PORT: port.default(5001),
  CLISCALE_STATE_DIR: z.string({ error: "must be the absolute path of a folder" }).startsWith("/"),
  // A JSON array of { name, schedule, timeZone?, headers? }.
  CLISCALE_SCHEDULED_FUNCTIONS: z.string().default(shipped).transform(parseJson).pipe(z.array(scheduledFunction)),
});

const starting = startScheduler({
  port: environment.CLISCALE_SCHEDULER_PORT,
  stateDir: environment.CLISCALE_STATE_DIR,
  functionsUrl: `http://127.0.0.1:${environment.CLISCALE_FUNCTIONS_PORT}/demo-cliscale/us-central1`,
  functions: environment.CLISCALE_SCHEDULED_FUNCTIONS,
  logger,
});
runUntilStopped(logger, async () => (await starting).stop());

const scheduler = await starting;
acceptFaults(scheduler.inject);
logger.info({ port: scheduler.port }, "listening");
if (process.connected) process.send?.({ ready: true, port: scheduler.port });

function parseJson(text: string, context: z.RefinementCtx): unknown {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: "custom", message: "must be JSON" });
    return z.NEVER;
  }
}

// The program in a session's pod: puts the bundle in place, runs the command on a terminal, serves it, says how it ended.
import { createLogger, runUntilStopped } from "@cliscale/service";
import { readSettings } from "./env.ts";
import { startSession } from "./session.ts";
import { reportFailedStart } from "./terminationLog.ts";

const logger = createLogger("runner");
try {
  const settings = await readSettings();
  const session = await startSession({ settings, logger: logger.child({ sessionId: settings.sessionId }) });
  const stop = runUntilStopped(logger, () => session.stop());
  await session.ended;
  stop("ended");
} catch (error) {
  logger.fatal({ err: error }, "the session could not be run");
  await reportFailedStart(process.env["RUNNER_TERMINATION_LOG"], error);
  process.exit(1);
}

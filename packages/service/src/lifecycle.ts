import type { Logger } from "./logger.ts";

/** How long a program may take to stop before it ends all the same, in milliseconds. */
const defaultStopMilliseconds = 10_000;
/** Ctrl-C reaches a whole process group and npm passes it on as well: a second signal so soon after the first means nothing new. */
const sameSignalMilliseconds = 1_000;

/**
 * Runs a program until it is told to stop: by SIGINT, by SIGTERM, or because the parent that it has an IPC channel to has
 * gone. `stop` runs once however often that is said, and the process then exits with its result; `hurry` runs when it is said
 * again while stopping takes its time. Returns the function that stops it for another reason.
 */
export function runUntilStopped(
  logger: Logger,
  stop: (signal: string) => Promise<number | void>,
  stopMilliseconds: number = defaultStopMilliseconds,
  hurry: () => void = () => {},
): (reason: string) => void {
  let stoppingSince: number | undefined;
  const onStop = (signal: string) => {
    if (stoppingSince !== undefined) {
      if (performance.now() - stoppingSince > sameSignalMilliseconds) hurry();
      return;
    }
    stoppingSince = performance.now();
    const timer = setTimeout(() => {
      logger.error({ signal, stopMilliseconds }, "did not stop in time");
      process.exit(1);
    }, stopMilliseconds);
    timer.unref();
    stop(signal).then(
      (code) => process.exit(code ?? 0),
      (error: unknown) => {
        logger.error({ err: error, signal }, "stopping failed");
        process.exit(1);
      },
    );
  };
  process.on("SIGINT", () => onStop("SIGINT"));
  process.on("SIGTERM", () => onStop("SIGTERM"));
  if (process.channel) process.on("disconnect", () => onStop("disconnect"));
  return onStop;
}

// `npm start`: cliscale on this machine. Progress goes to standard error; standard output says how to get in.
import { createLogger, EnvironmentError, runUntilStopped } from "@cliscale/service";
import { demoEmail, readStackSettings } from "./settings.ts";
import { HelmMissingError } from "@cliscale/toolchain/kubernetesTools";
import { startStack } from "./stack.ts";
import { PortTakenError } from "./stack/ports.ts";

const say = (text: string) => process.stderr.write(`cliscale: ${text}\n`);
const logger = createLogger("local");

/** All parts, one after the other, each with its own deadline. */
const stopMilliseconds = 60_000;

try {
  const starting = startStack(readStackSettings(), say);
  const stop = runUntilStopped(
    logger,
    async (reason) => {
      say("stopping");
      const stack = await starting.catch(() => undefined);
      await stack?.stop();
      return reason === "failure" ? 1 : 0;
    },
    stopMilliseconds,
  );
  const stack = await starting;
  process.stdout.write(`demo user ${demoEmail} ${stack.demoPassword}\nready ${stack.url}\n`);
  stack.failed.catch((error: Error) => {
    say(error.message);
    stop("failure");
  });
} catch (error) {
  const expected = [PortTakenError, HelmMissingError, EnvironmentError].some((kind) => error instanceof kind);
  const message = error instanceof Error ? error.message : String(error);
  say(expected ? message : `the start failed: ${message}`);
  process.exit(1);
}

import { readFile } from "node:fs/promises";
import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createLogger } from "@cliscale/service";
import type { Settings } from "../../src/env.ts";
import { type Session, startSession } from "../../src/session.ts";
import type { Times } from "../../src/times.ts";
import { createSettings, type RunnerOptions } from "./runner.ts";

/** A session inside the test's own process, quick to start and with times of the test's own. */
export async function startTestSession(
  t: TestContext,
  options: RunnerOptions,
  times: Partial<Times> = {},
  keptBytes?: number,
): Promise<{ session: Session; settings: Settings }> {
  const settings = await createSettings(t, options);
  const logger = createLogger("runner-test");
  logger.level = "silent";
  const session = await startSession({ settings, logger, times, ...(keptBytes !== undefined && { keptBytes }) });
  t.after(() => session.stop());
  return { session, settings };
}

/** Waits until a session's command has ended, which its termination message tells. */
export async function commandEnded(settings: Pick<Settings, "terminationLog">): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    if (await readFile(settings.terminationLog, "utf8").catch(() => "")) return;
    await delay(20);
  }
  throw new Error("the command has not ended");
}

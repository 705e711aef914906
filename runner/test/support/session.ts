import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { terminationMessageSchema } from "@cliscale/protocol";
import { createLogger } from "@cliscale/service";
import type { Settings } from "../../src/env.ts";
import { type Session, startSession } from "../../src/session.ts";
import type { Times } from "../../src/times.ts";
import { attach } from "./client.ts";
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

/** Runs a session to its end, watched by a client. */
export async function runToEnd(t: TestContext, options: RunnerOptions) {
  const { session, settings } = await startTestSession(t, options);
  const client = await attach(t, settings);
  assert.equal((await client.closed).code, 1000);
  const code = await session.ended;
  const message = terminationMessageSchema.parse(JSON.parse(await readFile(settings.terminationLog, "utf8")));
  return { output: client.output(), exit: client.exit(), title: client.title(), code, message, settings };
}

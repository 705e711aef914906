// How long a session takes from createSession to its terminal, on `npm start` with everything running, against starting the same
// program by hand. What is in between is the price of a row, a Job, a Secret, a watch and a token.
import type { TestContext } from "node:test";
import { startTestStack } from "@cliscale/e2e/stack";
import { signInDemo } from "@cliscale/e2e/user";
import { startRunner } from "../../../runner/test/support/runner.ts";
import { keepResult, machine, median, percentile, round } from "./results.ts";

const rounds = 20;
/** Calls before the first that counts: the emulator starts a process for each function. */
const warmUps = 3;

const stack = await startTestStack();
try {
  const { client } = await signInDemo(stack);
  const session = async () => {
    const begun = performance.now();
    const { session: started, attach } = await client.createSession({ bundle: { source: "template:shell" } });
    const milliseconds = performance.now() - begun;
    if (!attach) throw new Error(`the session ${started.id} is ${started.state}: ${started.message}`);
    await client.stopSession(started.id);
    return milliseconds;
  };
  for (let count = 0; count < warmUps; count += 1) await session();
  const sessions: number[] = [];
  const programs: number[] = [];
  // In turn, so that what else the machine does meets both.
  for (let count = 0; count < rounds; count += 1) {
    sessions.push(await session());
    programs.push(await startProgram());
  }
  await keepResult("sessionStart", {
    scenario: "createSession to ready, and the same program started by hand",
    machine: machine(),
    rounds,
    sessionMilliseconds: summary(sessions),
    programMilliseconds: summary(programs),
    sessionOfProgram: round(median(sessions) / median(programs)),
  });
} finally {
  await stack.remove();
}

/** Starts the runner with a shell, until its terminal is served; resolves to how long that took. */
async function startProgram(): Promise<number> {
  const cleanUps: (() => unknown)[] = [];
  const begun = performance.now();
  const runner = await startRunner({
    after: (cleanUp: () => unknown) => cleanUps.push(cleanUp),
  } as unknown as TestContext);
  const milliseconds = performance.now() - begun;
  runner.kill("SIGTERM");
  await runner.exited;
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
  return milliseconds;
}

function summary(values: readonly number[]) {
  return { p50: round(median(values)), p95: round(percentile(values, 0.95)) };
}

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { createWrittenProgram, fuzzSession } from "./fuzzedSession.ts";
import { createHeadlessScreen, type ReadableScreen } from "./headlessScreen.ts";
import type { Paths } from "./observedClient.ts";
import { openPair } from "./pair.ts";
import type { TerminalSize } from "@cliscale/protocol";

/** Small enough that to miss more takes no time, in bytes. */
const littleKept = 4096;

export interface CutTest {
  seed: number;
  path: keyof Paths;
  /** Starts a session that runs a command, and keeps so much of its output; the WebSocket of its terminal. */
  startSession: (t: TestContext, command: string, keptBytes: number | undefined) => Promise<string>;
  createScreen?: (size: TerminalSize) => ReadableScreen | Promise<ReadableScreen>;
}

/** Tests that what is drawn at random looks the same for a client that is cut at random and comes back by the given path. */
export async function testCuts(t: TestContext, options: CutTest): Promise<void> {
  const { seed, path, startSession, createScreen = createHeadlessScreen } = options;
  const size = { columns: 8 + ((seed * 7) % 40), rows: 3 + (seed % 9) };
  const program = await createWrittenProgram();
  t.after(() => program.end());
  const url = await startSession(t, program.command, path === "snapshot" ? littleKept : undefined);
  const pair = await openPair({ url, size, createScreen });
  t.after(() => pair.close());
  await program.ready();
  await pair.settle();
  const begun = pair.uncut.offset();
  await fuzzSession({ seed, pair, program, size, keptBytes: littleKept, path, cuts: 4 });
  await pair.settle(begun + program.written());
  assert.deepEqual((await pair.compare()).slice(0, 3), []);
  assert.ok(pair.cut.paths[path] > 0, `came back by ${JSON.stringify(pair.cut.paths)}`);
  if (path === "ring") assert.ok(pair.cut.counted().equals(pair.uncut.counted()), "bytes were drawn twice or lost");
}

/** A test for each of so many seeds, as many as `CLISCALE_SEEDS` says from `CLISCALE_SEED` on where those are set. */
export function testSeeds(seeds: { count: number; first: number }, options: Omit<CutTest, "seed">): void {
  const first = Number(process.env["CLISCALE_SEED"] ?? seeds.first);
  const count = Number(process.env["CLISCALE_SEEDS"] ?? seeds.count);
  for (let seed = first; seed < first + count; seed++) {
    test(`a client that is cut and comes back by ${options.path} shows the same (seed ${seed})`, (t) =>
      testCuts(t, { ...options, seed }));
  }
}

// The rule of the wire, with programs that people use.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { createHeadlessScreen } from "../src/cuts/headlessScreen.ts";
import { openPair } from "../src/cuts/pair.ts";
import { usedPrograms } from "../src/cuts/programs.ts";
import { useSession } from "../src/cuts/usedSession.ts";
import { startKeptSession } from "./support/session.ts";

const seeds = process.env["CLISCALE_TEST_SIZE"] === "full" ? [1, 2, 3, 4, 5, 6] : [1];
/** Little is kept, so that a client that misses much comes back by a snapshot. */
const littleKept = 1024;

const isInstalled = (name: string) => spawnSync("sh", ["-c", `command -v ${name}`]).status === 0;

for (const program of usedPrograms) {
  for (const seed of seeds) {
    const keptBytes = seed % 2 === 1 ? littleKept : undefined;
    const skip =
      program.program !== undefined && !isInstalled(program.program) && `${program.program} is not installed`;
    test(`${program.name} looks the same after cuts (seed ${seed})`, { skip }, async (t) => {
      const size = { columns: 80, rows: 24 };
      const url = await startKeptSession(t, program.command, keptBytes);
      const pair = await openPair({ url, size, createScreen: createHeadlessScreen });
      t.after(() => pair.close());
      assert.deepEqual(await useSession({ seed, pair, program, size, cuts: 4 }), []);
      t.diagnostic(`came back ${pair.cut.paths.ring} times by ring, ${pair.cut.paths.snapshot} by snapshot`);
    });
  }
}

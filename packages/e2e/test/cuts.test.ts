// The rule of the wire: whatever the cuts, a client ends with the same screen, scrollback, cursor and modes as one that is
// never cut.
import assert from "node:assert/strict";
import { test } from "node:test";
import { terminalUrl } from "../../../runner/test/support/client.ts";
import { startTestSession } from "../../../runner/test/support/session.ts";
import { createHeadlessScreen } from "../src/cuts/headlessScreen.ts";
import { createWrittenProgram, fuzzSession } from "../src/cuts/fuzzedSession.ts";
import { openPair } from "../src/cuts/pair.ts";

const isFull = process.env["CLISCALE_TEST_SIZE"] === "full";
const firstSeed = Number(process.env["CLISCALE_SEED"] ?? 1);
const seedCount = Number(process.env["CLISCALE_SEEDS"] ?? (isFull ? 500 : 30));
const keptBytes = 4096;

for (const path of ["ring", "snapshot"] as const) {
  const seeds = Array.from({ length: Math.ceil(seedCount / 2) }, (_, index) => firstSeed + index);
  test(`what is drawn at random looks the same after cuts (${path}, ${seeds.length} seeds)`, async (t) => {
    let taken = 0;
    const failures: string[] = [];
    for (const seed of seeds) {
      await t
        .test(`seed ${seed}`, async (s) => {
          const size = { columns: 8 + ((seed * 7) % 40), rows: 3 + (seed % 9) };
          const program = await createWrittenProgram();
          const { settings } = await startTestSession(s, { command: program.command }, {}, keptFor(path));
          const pair = await openPair({ url: terminalUrl(settings), size, createScreen: createHeadlessScreen });
          s.after(() => pair.close());
          s.after(() => program.end());
          await program.ready();
          await fuzzSession({ seed, pair, program, size, keptBytes, path, cuts: 4 });
          await pair.settle();
          assert.deepEqual((await pair.compare()).slice(0, 3), []);
          assert.ok(pair.cut.paths[path] > 0, `came back by ${JSON.stringify(pair.cut.paths)}`);
          if (path === "ring") assert.ok(pair.cut.counted().equals(pair.uncut.counted()), "drawn twice or lost");
          taken++;
        })
        .catch(() => failures.push(String(seed)));
    }
    t.diagnostic(`${taken} of ${seeds.length} seeds came back by ${path}`);
    assert.deepEqual(failures, []);
  });
}

/** All that is drawn is kept, or little of it. */
function keptFor(path: "ring" | "snapshot"): number | undefined {
  return path === "ring" ? undefined : keptBytes;
}

// The rule of the wire, with the xterm of a real browser on both sides.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { terminalUrl } from "../../../runner/test/support/client.ts";
import { startTestSession } from "../../../runner/test/support/session.ts";
import { launchBrowser } from "../src/browser.ts";
import { createBrowserScreen } from "../src/cuts/browserScreen.ts";
import { createWrittenProgram, fuzzSession } from "../src/cuts/fuzzedSession.ts";
import { openPair } from "../src/cuts/pair.ts";

const seeds = Array.from({ length: process.env["CLISCALE_TEST_SIZE"] === "full" ? 30 : 3 }, (_, index) => 1000 + index);
const keptBytes = 4096;

let browser: Browser;
before(async () => {
  browser = await launchBrowser();
});
after(() => browser.close());

for (const seed of seeds) {
  const path = seed % 2 === 0 ? "snapshot" : "ring";
  test(`in Chromium what is drawn at random looks the same after cuts (${path}, seed ${seed})`, async (t) => {
    const size = { columns: 8 + ((seed * 7) % 40), rows: 3 + (seed % 9) };
    const program = await createWrittenProgram();
    const kept = path === "snapshot" ? keptBytes : undefined;
    const { settings } = await startTestSession(t, { command: program.command }, {}, kept);
    const createScreen = () => createBrowserScreen(browser, size);
    const pair = await openPair({ url: terminalUrl(settings), size, createScreen });
    t.after(() => pair.close());
    t.after(() => program.end());
    await program.ready();
    await fuzzSession({ seed, pair, program, size, keptBytes, path, cuts: 3 });
    await pair.settle();
    assert.deepEqual(await pair.compare(), []);
    assert.ok(pair.cut.paths[path] > 0, `came back by ${JSON.stringify(pair.cut.paths)}`);
  });
}

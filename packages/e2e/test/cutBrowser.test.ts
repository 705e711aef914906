// The rule of the wire, with the xterm of a real browser on both sides.
import { after, before } from "node:test";
import type { Browser } from "playwright-core";
import { launchBrowser } from "../src/browser.ts";
import { createBrowserScreen } from "../src/cuts/browserScreen.ts";
import { testSeeds } from "../src/cuts/testCuts.ts";
import { startKeptSession } from "./support/session.ts";

let browser: Browser;
before(async () => {
  browser = await launchBrowser();
});
after(() => browser.close());

const count = process.env["CLISCALE_TEST_SIZE"] === "full" ? 15 : 1;
for (const path of ["ring", "snapshot"] as const) {
  testSeeds(
    { count, first: 1000 },
    { path, startSession: startKeptSession, createScreen: (size) => createBrowserScreen(browser, size) },
  );
}

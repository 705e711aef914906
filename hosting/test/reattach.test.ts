// What the page does when the connection to its session is lost.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { screenshot } from "@cliscale/e2e/browser";
import { attachCalls, holdAttachCalls, refuseWith } from "./support/attachCalls.ts";
import { type Stack, type Visit, openAs, startStack } from "./support/page.ts";

let stack: Stack;
let ada: Visit;

before(async () => {
  stack = await startStack();
  ada = await openAs(stack.browser, stack.site.url, "ada@example.com");
});

after(async () => {
  await stack?.stop();
});

beforeEach(async () => {
  await ada.page.unrouteAll();
  await ada.open(stack.site.url);
  await ada.start("template:shell");
  await ada.until("attached");
  await ada.type("echo here-$((40 + 2))\n");
  await ada.shows(/here-42/);
});

const lastRun = () => stack.backend.runs.at(-1)!;

/** As another tab in front does it, after which so much time passes. A headless browser shows all of its pages. */
async function hide(minutes: number): Promise<void> {
  await ada.page.evaluate((milliseconds) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
    document.dispatchEvent(new Event("visibilitychange"));
    const now = Date.now.bind(Date);
    Date.now = () => now() + milliseconds;
  }, minutes * 60_000);
}

async function show(): Promise<void> {
  await ada.page.evaluate(() => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => false });
    document.dispatchEvent(new Event("visibilitychange"));
  });
}

test("a gateway that restarts is not noticed: what is typed meanwhile arrives once, and the state stays", async () => {
  await ada.page.evaluate(() => {
    const states: (string | undefined)[] = [];
    const status = document.querySelector<HTMLElement>("#status")!;
    new MutationObserver(() => states.push(status.dataset["state"])).observe(status, { attributes: true });
    Object.assign(globalThis, { states });
  });
  const token = await holdAttachCalls(ada.page);
  await ada.type("cat\n");
  await ada.shows(/\$ cat\s/);
  const { upgrades } = stack.backend;
  lastRun().terminal!.cut(1012);
  await token.isAsked;
  await ada.page.keyboard.insertText("typed meanwhile");
  await ada.page.keyboard.press("Enter");
  assert.equal(stack.backend.upgrades, upgrades);
  token.give();
  await ada.shows(/typed meanwhile\s+typed meanwhile/);
  assert.equal(stack.backend.upgrades, upgrades + 1);
  assert.equal(lastRun().terminal!.input.match(/typed meanwhile/g)?.length, 1);
  assert.deepEqual(await ada.page.evaluate("states.filter((state) => state !== 'attached')"), []);
});

test("a restart that takes long is noticed, and what was typed is said to be lost", async () => {
  const token = await holdAttachCalls(ada.page);
  lastRun().terminal!.cut(1012);
  await token.isAsked;
  await ada.type("lost");
  assert.match(await ada.until("reattaching"), /^The gateway restarts\. What you typed last was not sent\./);
  await screenshot(ada.page, "page-restart-noticed");
  token.give();
  assert.match(await ada.until("attached"), /What you typed last was not sent\./);
  await ada.type("x");
  await ada.page.locator("#status", { hasText: /^Attached\.$/ }).waitFor();
  assert.doesNotMatch(lastRun().terminal!.input, /lost/);
});

for (const [event, target] of [
  ["online", "window"],
  ["resume", "document"],
  ["pageshow", "window"],
] as const) {
  test(`at ${event} a reattach that waits is tried at once, and the round trip is told again`, async () => {
    await ada.page.route(attachCalls, refuseWith(429, "RESOURCE_EXHAUSTED", { retryAfterSeconds: 600 }), { times: 1 });
    lastRun().terminal!.cut();
    await ada.page.locator("#status", { hasText: /^Refused\. Next try in (600|5\d\d) s/ }).waitFor();
    assert.equal(await ada.page.locator("#round-trip").innerText(), "");
    await ada.page.evaluate(`${target}.dispatchEvent(new PageTransitionEvent("${event}", { persisted: true }))`);
    await ada.until("attached");
    await ada.page.locator("#round-trip", { hasText: /^\d+ ms/ }).waitFor();
    await ada.type("echo again-$((40 + 2))\n");
    await ada.shows(/here-42[^]*again-42/);
  });
}

test("a hidden tab that nobody has used for a while attaches when it is shown, whatever happens until then", async () => {
  await hide(5);
  const { upgrades } = stack.backend;
  lastRun().terminal!.cut();
  assert.equal(await ada.until("reattaching"), "Connection lost. It attaches again when this tab is shown.");
  await ada.page.evaluate("window.dispatchEvent(new Event('online'))");
  await ada.page.waitForTimeout(2500);
  assert.equal(stack.backend.upgrades, upgrades);
  await show();
  await ada.until("attached");
  assert.equal(stack.backend.upgrades, upgrades + 1);
  await ada.shows(/here-42/);
});

test("a hidden tab that was used a moment ago attaches again by itself", async () => {
  await hide(0);
  const token = await holdAttachCalls(ada.page);
  lastRun().terminal!.cut();
  await ada.until("reattaching");
  token.give();
  await ada.until("attached");
});

test("a tab that is opened behind another one does not attach before it is shown", async () => {
  const { upgrades } = stack.backend;
  const page = await ada.context.newPage();
  await page.addInitScript("Object.defineProperty(document, 'hidden', { configurable: true, get: () => true })");
  await page.goto(`${stack.site.url}/#/session/${lastRun().session.id}`);
  await page.locator("#session").waitFor();
  await page.waitForTimeout(1000);
  assert.equal(stack.backend.upgrades, upgrades);
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => false });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await page.locator('#status[data-state="attached"]').waitFor();
  await page.close();
});

test("a session that ended while the tab was away says how; the screen stays, and tells of when it is", async () => {
  await hide(5);
  lastRun().terminal!.cut();
  await ada.until("reattaching");
  const endedAt = new Date().toISOString();
  Object.assign(lastRun().session, { state: "ended", endReason: "exited", exitCode: 3, endedAt });
  await show();
  assert.equal(await ada.until("ended"), "The command has ended with exit code 3.");
  assert.equal(await ada.status("exit-code"), "3");
  await ada.shows(/here-42/);
  const facts = await ada.page.locator("#end-facts").innerText();
  assert.match(facts, /Exit code\s+3\s[^]*Screen\s+as of .*, when the connection was lost/);
  await screenshot(ada.page, "page-ended-while-away");

  // What a terminal shows may be secret, so it is kept nowhere: a page that is loaded after the end has only the facts.
  await ada.page.reload();
  assert.equal(await ada.until("ended"), "The command has ended with exit code 3.");
  assert.equal(await ada.page.locator("#terminal").isVisible(), false);
  assert.doesNotMatch(await ada.page.locator("#end-facts").innerText(), /Screen/);
});

for (const [reason, sentence] of [
  ["idle", /without activity/],
  ["deadline", /its time was up/],
  ["stopped", /was stopped/],
  ["lost", /was lost/],
] as const) {
  test(`a session that ended ${reason} while the tab was away says so`, async () => {
    await hide(5);
    lastRun().terminal!.cut();
    await ada.until("reattaching");
    Object.assign(lastRun().session, { state: "ended", endReason: reason, endedAt: new Date().toISOString() });
    await show();
    assert.match(await ada.until("ended"), sentence);
    await ada.shows(/here-42/);
  });
}

test("a sign-in that has expired meanwhile is asked for again, and the session is still there", async () => {
  await ada.page.route(attachCalls, refuseWith(401, "UNAUTHENTICATED"));
  await ada.page.route("**/v1/token*", (route) =>
    route.fulfill({
      status: 400,
      headers: { "access-control-allow-origin": "*" },
      json: { error: { code: 400, message: "TOKEN_EXPIRED" } },
    }),
  );
  const address = ada.page.url();
  lastRun().terminal!.cut();
  await ada.page.locator("#sign-in").waitFor();
  assert.equal(ada.page.url(), address);
  await ada.page.unrouteAll();
  await ada.page.locator("#email").fill("ada@example.com");
  await ada.page.locator("#password").fill("correct horse");
  await ada.page.locator("#sign-in").click();
  await ada.until("attached");
  await ada.shows(/here-42/);
});

test("an ID token that is refused, as where a clock was set back, is renewed unseen", async () => {
  let isRenewed = false;
  await ada.page.route("**/v1/token*", (route) => {
    isRenewed = true;
    return route.continue();
  });
  const refuse = refuseWith(401, "UNAUTHENTICATED");
  let refusals = 0;
  await ada.page.route(attachCalls, (route) => {
    if (isRenewed) return route.continue();
    refusals += 1;
    return refuse(route);
  });
  lastRun().terminal!.cut();
  await ada.eventually(() => Promise.resolve(isRenewed), true);
  await ada.until("attached");
  assert.equal(refusals, 1);
  await ada.page.unrouteAll();
});

test("nothing of this failed unseen", () => {
  const unexpected = ada.problems.filter((problem) => !/TOKEN_EXPIRED|user-token-expired/.test(problem));
  assert.deepEqual(unexpected, []);
});

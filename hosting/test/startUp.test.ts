// What a start waits for, and how a session has ended, as the page says it.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { screenshot } from "@cliscale/e2e/browser";
import type { StageEvent } from "@cliscale/protocol";
import { sources } from "./support/backend.ts";
import { type Stack, type Visit, openAs, startStack } from "./support/page.ts";

let stack: Stack;
let visit: Visit;

before(async () => {
  stack = await startStack();
  visit = await openAs(stack.browser, stack.site.url, "ada@example.com", "#start", {
    viewport: { width: 1280, height: 800 },
  });
});

after(async () => {
  await stack?.stop();
});

beforeEach(() => visit.open(stack.site.url));

const lastRun = () => stack.backend.runs.at(-1)!;
const status = () => visit.page.locator("#status");
const says = (text: string | RegExp) =>
  status()
    .getByText(text)
    .or(status().filter({ hasText: text }))
    .first()
    .waitFor();

/** A stage is reached, so many seconds ago. */
function reach(event: Omit<StageEvent, "at">, secondsAgo = 0) {
  const at = new Date(Date.now() - secondsAgo * 1000).toISOString();
  lastRun().stages.push({ ...event, at, sessionId: lastRun().session.id });
}

test("the place in the queue is told as it changes, and the time that has gone by is counted from the first", async () => {
  await visit.start(sources.queued);
  await says("Waiting for a free place.");
  reach({ stage: "queued", position: 3 });
  await says("Waiting for a free place, number 3 in line. (");
  reach({ stage: "queued", position: 2 });
  await says(/number 2 in line\. \([1-9]/);
  await screenshot(visit.page, "start-queued");
});

test("a machine that has to start is told of after a while, and that it takes longer than usual after another", async () => {
  await visit.start(sources.queued);
  await says("Waiting for a free place.");
  reach({ stage: "scheduling" }, 4);
  await says(/^Looking for a machine\. \(\d+ s\)$/);
  await says(/^A machine has to start first, which usually takes 80 to 120 seconds\. \((1\d|[2-5]\d) s\)$/);
  // Seconds are not read out.
  assert.equal(await status().locator("span").getAttribute("aria-hidden"), "true");
  assert.match(await visit.page.locator('#stages [aria-current="step"]').innerText(), /^Scheduling/);
  await screenshot(visit.page, "start-scheduling");

  await visit.open(stack.site.url);
  await visit.start(sources.queued);
  await says("Waiting for a free place.");
  reach({ stage: "scheduling" }, 145);
  await says(/^The machine takes longer than usual\..*\((2 min [3-5]\d s|[3-9] min( \d+ s)?)\)$/);
  reach({ stage: "scheduling", message: "No node fits." });
  await says(/longer than usual.* No node fits\. \([2-9] min/);
  await visit.page.setViewportSize({ width: 390, height: 844 });
  await screenshot(visit.page, "start-longer-than-usual");
  await visit.page.setViewportSize({ width: 1280, height: 800 });
  await visit.page.getByRole("button", { name: "Cancel" }).click();
  assert.equal(await visit.until("ended"), "The session was stopped.");
  assert.equal(lastRun().session.state, "ended");
});

test("the terminal has its final size from the first: nothing of the start takes room from it", async () => {
  await visit.start("template:shell", "stty size; trap 'stty size' WINCH; while :; do sleep 0.1; done");
  await visit.until("attached");
  await visit.shows(/^\d+ \d+$/m);
  await visit.page.waitForTimeout(1000);
  // Set once by the shell's start at its own size, then by the page.
  const sizes = (await visit.shows(/^\d+ \d+/m)).match(/^\d+ \d+$/gm)!;
  assert.ok(new Set(sizes.filter((size) => size !== "24 80")).size <= 1, sizes.join());
  assert.equal(await visit.page.locator("#stages").isVisible(), false);
  await visit.page.locator("#stop").click();
  await visit.until("ended");

  // Nor is it put right later: this page is not told that the room has changed.
  await visit.open(stack.site.url);
  await visit.page.evaluate(() => void (ResizeObserver.prototype.observe = () => undefined));
  await visit.start("template:shell", "sleep 0.5; stty size; sleep 1000");
  assert.equal(/^\d+ \d+$/m.exec(await visit.shows(/^\d+ \d+$/m))![0], sizes.at(-1));
  await visit.page.locator("#stop").click();
  await visit.until("ended");
});

test("a command that is killed tells its signal, and its last screen stays in sight", async () => {
  await visit.start("template:shell", "seq 100; echo the last line; sh -c 'kill -KILL $$'; exit 137");
  const sentence = "The command was ended by SIGKILL (exit code 137), as happens when memory runs out.";
  assert.equal(await visit.until("ended"), sentence);
  const facts = await visit.page.locator("#end-facts").innerText();
  assert.match(facts, /Exit code\s+137\s+Signal\s+SIGKILL\s+Reason\s+a signal ended the command\s+Ran for\s+\d/);
  await visit.shows(/the last line/);
  const line = visit.page.locator("#terminal .xterm-rows > div", { hasText: "the last line" });
  // The terminal takes on the room that the end leaves a moment later.
  await visit.eventually(async () => {
    const [shown, end] = await Promise.all([line.boundingBox(), visit.page.locator("#end").boundingBox()]);
    return shown!.y + shown!.height <= end!.y;
  }, true);
  await screenshot(visit.page, "ended-by-kill");
});

test("a session that ran out of memory, and one that vanished, say so in words", async () => {
  await visit.start("template:shell");
  await visit.until("attached");
  const endedAt = new Date().toISOString();
  const message = "The pod ended without saying how: OOMKilled.";
  Object.assign(lastRun().session, { state: "ended", endReason: "lost", message, endedAt });
  lastRun().terminal!.cut(4503);
  assert.equal(await visit.until("ended"), "The session ran out of memory, and everything in it was ended.");
  assert.match(await visit.page.locator("#end-facts").innerText(), /Reason\s+it was lost/);
  lastRun().session.message = "The session's pod is gone.";
  await visit.page.reload();
  assert.equal(await visit.until("ended"), "The session's pod is gone.");
});

test("a device that is offline is told so, and attaches again when it is back", async () => {
  await visit.start("template:shell");
  await visit.until("attached");
  await visit.context.setOffline(true);
  lastRun().terminal!.cut();
  await says(/^You are offline\. Next try in \d+ s\.$/);
  await screenshot(visit.page, "offline");
  await visit.context.setOffline(false);
  await visit.until("attached");
});

test("a slow way to the terminal is marked", async () => {
  await visit.page.routeWebSocket(/\/ws\//, (route) => {
    const server = route.connectToServer();
    route.onMessage((sent) => setTimeout(() => server.send(sent), 300));
  });
  await visit.start("template:shell");
  await visit.until("attached");
  const roundTrip = visit.page.locator("#round-trip");
  await roundTrip.getByText(/^\d+ ms, slow$/).waitFor();
  assert.ok(Number.parseInt((await roundTrip.textContent())!, 10) > 250);
  await screenshot(visit.page, "slow");
  // What is tried while the device is offline fails, and the browser tells of it.
  const unexpected = visit.problems.filter((problem) => !/ERR_INTERNET_DISCONNECTED/.test(problem));
  assert.deepEqual(unexpected, []);
});

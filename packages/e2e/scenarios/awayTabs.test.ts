// Tabs that nobody looks at, tabs that are away when their session ends, and two tabs on one session: with the page, the gateway
// and the runner as they are.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { screenshot } from "../src/browser.ts";
import { type CuttingProxy, startCuttingProxy } from "../src/cuts/cuttingProxy.ts";
import { differences } from "../src/cuts/terminalState.ts";
import { openTab, type WatchedTab } from "../src/pageCuts/watchedTab.ts";
import { eventually, startWorld, sweep, type World } from "../src/world.ts";

const idleSeconds = 30;
let world: World;
let network: CuttingProxy;
/** One over a network that breaks, and one that is never cut. */
let one: WatchedTab;
let other: WatchedTab;

before(async () => {
  world = await startWorld();
  network = await startCuttingProxy({ host: "127.0.0.1", port: world.stack.ports.gateway });
  one = await openTab(world.stack, network.port);
  other = await openTab(world.stack, world.stack.ports.gateway);
});

after(async () => {
  await Promise.allSettled([one?.close(), other?.close()]);
  await network?.close();
  await world?.remove();
});

async function start(command: string, idle = 0): Promise<string> {
  const bundle = { source: "template:shell" };
  const { session } = await world.user.client.createSession({ bundle, command, idleSeconds: idle });
  return session.id;
}

interface Row {
  end_reason: string | null;
  ended_at: Date;
  last_attach_at: Date;
}

async function rowOf(id: string): Promise<Row> {
  const [row] = await world.query<Row>("select * from sessions where id = $1", [id]);
  return row!;
}

/** The session ends for being idle, so long after the last attach, and its tab was not there to hold it. */
async function endsIdle(id: string): Promise<void> {
  const row = await eventually(
    async () => {
      await sweep(world);
      const found = await rowOf(id);
      assert.equal(found.end_reason, "idle");
      return found;
    },
    { seconds: 90, everyMilliseconds: 1000 },
  );
  const seconds = (row.ended_at.getTime() - row.last_attach_at.getTime()) / 1000;
  assert.ok(seconds >= idleSeconds && seconds < idleSeconds + 60, `ended ${seconds} s after the last attach`);
}

const shows = (tab: WatchedTab, pattern: RegExp) =>
  eventually(async () => assert.match(await tab.page.locator("#terminal .xterm-rows").innerText(), pattern));

const endFacts = (tab: WatchedTab) => tab.page.locator("#end-facts").innerText();

const columns = async (tab: WatchedTab) => (await tab.state()).size.columns;

test("a hidden tab that is attached, and one whose network comes and goes, keep no session alive", async () => {
  const [cut, attached] = [await start("echo here; cat", idleSeconds), await start("echo here; cat", idleSeconds)];
  await one.open(cut);
  await other.open(attached);
  for (const tab of [one, other]) {
    await shows(tab, /here/);
    await tab.setHidden(true);
    // For longer than a tab counts as used after it was.
    await tab.moveClock(5 * 60_000);
  }
  const flapping = new AbortController();
  const flaps = (async () => {
    while (!flapping.signal.aborted) {
      network.cutAfter(0);
      await one.page.evaluate("window.dispatchEvent(new Event('online'))");
      await delay(2000);
    }
  })();
  await Promise.all([endsIdle(cut), endsIdle(attached)]);
  flapping.abort();
  await flaps;
  assert.equal((await one.seen()).offered.length, 1, "it attached again while it was hidden");
  assert.equal(await one.status(), "reattaching");

  await other.becomes("ended");
  await one.setHidden(false);
  await one.becomes("ended");
  for (const tab of [one, other]) {
    assert.equal(await tab.page.locator("#status").getAttribute("data-end-reason"), "idle");
    await shows(tab, /here/);
  }
  assert.match(await endFacts(one), /connection was lost/);
  assert.doesNotMatch(await endFacts(other), /connection was lost/);
  await screenshot(one.page, "away-ended-idle");
});

test("a command that ends while its only tab is away is told with its exit code and its last screen", async () => {
  const id = await start("read line; sleep 15; seq 100; echo last words; exit 7");
  await one.open(id);
  await one.type("go\r");
  await shows(one, /go/);
  await one.setHidden(true);
  network.setDown(true);
  network.cutAfter(0);
  await delay(18_000);
  assert.equal(await one.status(), "reattaching");
  assert.doesNotMatch(await one.page.locator("#terminal .xterm-rows").innerText(), /last words/);
  network.setDown(false);
  await one.setHidden(false);
  await one.becomes("ended");
  await shows(one, /100\s+last words/);
  assert.equal(await one.page.locator("#status").getAttribute("data-exit-code"), "7");
  await screenshot(one.page, "away-ended-exit");
});

test("of two tabs on one session the one that typed last sets the size, both show the same, and either may go", async () => {
  const id = await start("PS1='$ ' exec bash --norc --noprofile");
  await one.page.setViewportSize({ width: 1000, height: 700 });
  await other.page.setViewportSize({ width: 640, height: 500 });
  await one.open(id);
  await shows(one, /\$/);
  const wide = await columns(one);
  await other.open(id);
  await other.page.locator("#status", { hasText: "Another window sets the size; type here to take over." }).waitFor();
  assert.equal(await columns(other), wide);
  await screenshot(other.page, "two-tabs-follower");

  await other.type("echo from the other\r");
  await one.page.locator("#status", { hasText: "Another window sets the size" }).waitFor();
  await other.page.locator("#status", { hasText: /^Attached\.$/ }).waitFor();
  await eventually(async () => {
    const [mine, theirs] = await Promise.all([one.state(), other.state()]);
    assert.ok(mine.size.columns < wide, `${mine.size.columns} columns`);
    assert.deepEqual(differences(mine, theirs), []);
  });
  await screenshot(one.page, "two-tabs-overtaken");

  await other.page.goto("about:blank");
  await one.page.locator("#status", { hasText: /^Attached\.$/ }).waitFor();
  await eventually(async () => assert.equal(await columns(one), wide));
  await one.type("echo still $((40 + 2))\r");
  await shows(one, /from the other[^]*still 42/);
  const { offered, closed } = await one.seen();
  assert.deepEqual([offered.length, closed], [1, []]);
  await world.user.client.stopSession(id);
});

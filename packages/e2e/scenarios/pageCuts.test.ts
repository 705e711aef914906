// Whatever cuts a tab off, it comes back with what a tab shows that was never cut: the page, the gateway and the runner as they
// are. The cut tab reaches its session through a second gateway and a network that breaks, the other one through the first.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { screenshot } from "../src/browser.ts";
import { startCuttingProxy } from "../src/cuts/cuttingProxy.ts";
import { createRandom } from "../src/cuts/random.ts";
import { differences } from "../src/cuts/terminalState.ts";
import { startSecondGateway } from "../src/pageCuts/secondGateway.ts";
import { programsInTabs, type UsedInTabs } from "../src/pageCuts/usedPages.ts";
import { openTab, type WatchedTab } from "../src/pageCuts/watchedTab.ts";
import { type CutTab, type WayName, wayNames, waysToCut } from "../src/pageCuts/waysToCut.ts";
import { eventually, startWorld, type World } from "../src/world.ts";

const isFull = process.env["CLISCALE_TEST_SIZE"] === "full";
const seed = Number(process.env["CLISCALE_SEED"] ?? 1 + (Date.now() % 1_000_000));
/** In each program, by each of the ways. */
const cutsByWay = isFull ? 5 : 1;
const lines = isFull ? 100_000 : 20_000;
/** A machine may sleep for longer than a connection lives without a sign. */
const longestSleep = isFull ? 30_000 : 3000;
/** For so long nothing has come when nothing more is under way. */
const quietMilliseconds = 400;

let world: World;
let cut: CutTab;
let uncut: WatchedTab;
const programs = await programsInTabs(lines, cutsByWay * wayNames.length);
const came: Record<WayName, number> = { "gateway killed": 0, "network offline": 0, "tab asleep": 0, "clock jumped": 0 };
const tokens: string[] = [];

before(async () => {
  world = await startWorld();
  const gateway = await startSecondGateway(world);
  const network = await startCuttingProxy({ host: "127.0.0.1", port: gateway.port });
  const tab = await openTab(world.stack, network.port);
  cut = { tab, network, gateway };
  uncut = await openTab(world.stack, world.stack.ports.gateway);
});

after(async () => {
  await Promise.allSettled([cut?.tab.close(), uncut?.close()]);
  await cut?.network.close();
  await cut?.gateway.kill();
  await world?.remove();
});

/** Waits until both tabs have been sent the same, and nothing more comes. */
async function settle(): Promise<void> {
  await eventually(
    async () => {
      const [earlier] = await Promise.all([standOf(cut.tab), delay(quietMilliseconds)]);
      const [one, other] = await Promise.all([standOf(cut.tab), standOf(uncut)]);
      assert.deepEqual([one, other], [earlier, earlier]);
    },
    { everyMilliseconds: 10 },
  );
}

async function standOf(tab: WatchedTab): Promise<number[]> {
  const { offset, sizes } = await tab.seen();
  return [offset, sizes];
}

async function compare(what: string): Promise<void> {
  const [expected, actual] = await Promise.all([uncut.state(), cut.tab.state()]);
  const found = differences(expected, actual);
  if (found.length > 0) await screenshot(cut.tab.page, "page-cut-differs");
  assert.deepEqual(found.slice(0, 3), [], `${what} (seed ${seed}): ${found.length} differences`);
}

/** They say so when a tab was away at the end, and then take another line of the room that the terminal had. */
const endFacts = (tab: WatchedTab) => tab.page.locator("#end-facts").innerText();

/** Cuts the tab in the middle of what the program does, and compares it with the other one when it is back. */
async function cutOnce(program: UsedInTabs, way: WayName, random: ReturnType<typeof createRandom>): Promise<void> {
  await program.use(cut.tab, random);
  const sockets = (await cut.tab.seen()).offered.length;
  await waysToCut[way](cut, random, async () => {
    if (!program.name.includes("log")) await program.use(uncut, random);
    await delay(way === "tab asleep" ? random.below(longestSleep) : random.below(2000));
  });
  await eventually(async () => assert.ok((await cut.tab.seen()).offered.length > sockets, `${way} cut nothing`));
  await cut.tab.becomes("attached");
  await program.still?.(uncut);
  // A busy machine may be silent for a while in the middle of what it does.
  await eventually(async () => {
    await settle();
    await compare(`${program.name}, ${way}`);
  });
  await program.goOn?.(uncut);
  came[way]++;
}

for (const [index, program] of programs.entries()) {
  test(`during ${program.name} a tab that is cut shows what another one shows (seed ${seed})`, async (t) => {
    const random = createRandom(seed + index);
    const { client } = world.user;
    const { session } = await client.createSession({
      bundle: { source: "template:shell" },
      command: program.command,
      ...(program.env && { env: program.env }),
    });
    await uncut.open(session.id);
    await cut.tab.open(session.id);
    const ways = wayNames.flatMap((way) => Array<WayName>(cutsByWay).fill(way));
    while (ways.length > 0) {
      const [way] = ways.splice(random.below(ways.length), 1) as [WayName];
      const begun = performance.now();
      await cutOnce(program, way, random);
      t.diagnostic(`${way}: the same after ${Math.round(performance.now() - begun)} ms`);
    }
    await screenshot(cut.tab.page, `page-cut-${index}`);
    const [{ offered, ring, snapshot }, untouched] = await Promise.all([cut.tab.seen(), uncut.seen()]);
    assert.deepEqual(untouched.closed, [], "the other tab was cut too");
    t.diagnostic(`${offered.length} sockets; came back ${ring} times by ring, ${snapshot} by snapshot`);
    tokens.push(...[...offered, ...untouched.offered].map(([, bearer]) => bearer!.replace(/^bearer\./, "")));

    await uncut.type(program.quit);
    await Promise.all([cut.tab.becomes("ended"), uncut.becomes("ended")]);
    for (const tab of [cut.tab, uncut]) assert.doesNotMatch(await endFacts(tab), /connection was lost/);
    // Each tab then takes on the size that it has room for, once the facts of the end are laid out.
    await eventually(() => compare(`${program.name}, at its end`));
    assert.match(await cut.tab.page.locator("#terminal .xterm-rows").innerText(), program.last);
    assert.equal(await cut.tab.page.locator("#status").getAttribute("data-exit-code"), "0");
  });
}

/** The `jti` of a JWT. */
function idOf(token: string): string {
  const claims = Buffer.from(token.split(".")[1]!, "base64url").toString();
  return (JSON.parse(claims) as { jti: string }).jti;
}

test("each socket had a token of its own, which is in no address, storage or document of the page", async () => {
  assert.equal(new Set(tokens).size, tokens.length);
  const ids = tokens.map(idOf);
  assert.equal(new Set(ids).size, ids.length);
  const kept = await cut.tab.page.evaluate(
    "JSON.stringify([location.href, history.state, { ...localStorage }, { ...sessionStorage }, document.cookie, document.documentElement.outerHTML])",
  );
  for (const token of [...tokens, ...ids]) assert.ok(!String(kept).includes(token), "a token is kept");
});

test("it was cut by each way", (t) => {
  t.diagnostic(JSON.stringify(came));
  for (const count of Object.values(came)) assert.equal(count, cutsByWay * programs.length);
});

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { sources } from "./support/backend.ts";
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

beforeEach(() => ada.open(stack.site.url));

const lastRun = () => stack.backend.runs.at(-1)!;

test("a session shows its stages, its terminal, and how its command has ended", async () => {
  await ada.start("npm:cowsay@1.6.0", "echo hello; stty size; exit 3");
  assert.equal(await ada.until("ended"), "The command has ended with exit code 3.");
  assert.equal(await ada.status("exit-code"), "3");
  assert.equal(await ada.status("end-reason"), "exited");
  await ada.shows(/^hello\s+\d+ \d+/);
  const stages = await ada.page.locator("#stages li[data-reached]").allInnerTexts();
  assert.deepEqual(
    stages.map((text) => text.split(/\s/)[0]),
    ["Queued", "Scheduling", "Pulling", "Starting", "Ready"],
  );
  assert.match(stages[4]!, /\+\d\.\d s/);
  assert.deepEqual(lastRun().session.bundle, { source: "npm:cowsay@1.6.0" });
  assert.equal(await ada.page.locator("#start").innerText(), "Start again");
});

test("what is wrong with a start stands next to its field, and goes away with the next start", async () => {
  const known = stack.backend.runs.length;
  await ada.start(sources.refused, "x");
  await ada.page.locator("#source-violation", { hasText: "must name a package that exists" }).waitFor();
  assert.equal(await ada.page.locator("#command-violation").innerText(), "must not be empty");
  assert.equal(await ada.page.locator("#source").getAttribute("aria-invalid"), "true");
  assert.equal(await ada.status("state"), "idle");
  assert.equal(stack.backend.runs.length, known);

  await ada.start(sources.failing);
  assert.equal(await ada.until("ended"), "The command never ran. There is no such package.");
  assert.equal(await ada.status("end-reason"), "failed");
  assert.equal(await ada.page.locator("#source-violation").textContent(), "");
});

test("an archive's SHA-256 is asked for and sent with it alone", async () => {
  await ada.page.locator("#source").fill("https://example.com/a.tgz");
  await ada.page.locator("#sha256").fill("ab".repeat(32));
  await ada.page.locator("#start").click();
  await ada.until("attached");
  assert.deepEqual(lastRun().session.bundle, { source: "https://example.com/a.tgz", sha256: "ab".repeat(32) });
  await ada.page.locator("#stop").click();
  await ada.until("ended");
  await ada.page.locator("#source").fill("template:shell");
  assert.equal(await ada.page.locator("#sha256").isVisible(), false);
});

test("a reload and a cut show the same shell again, and queries are answered once", async () => {
  await ada.start("template:shell");
  await ada.until("attached");
  await ada.type("printf '\\e[c\\e[6n\\e]11;?\\a'; cat\n");
  await ada.shows(/\^\[\[\?1;2c.*\^\[\[\d+;\d+R.*rgb:/s);
  const replies = lastRun().terminal!.input;

  await ada.page.reload();
  await ada.until("attached");
  await ada.type("after the reload\n");
  await ada.shows(/after the reload\s+after the reload/);

  const reattaching = ada.until("reattaching");
  lastRun().terminal!.cut();
  assert.match(await reattaching, /^Connection lost\. Next try in \d s\.$/);
  await ada.page.locator("#reattach").click();
  await ada.until("attached");
  await ada.type("after the cut\n");
  const text = await ada.shows(/after the cut\s+after the cut/);
  assert.equal(text.match(/\$ printf/g)?.length, 1);
  assert.equal(lastRun().terminal!.input, `${replies}after the reload\rafter the cut\r`);
});

test("the terminal follows the size of the window, down to a phone's, and a drain is followed at once", async () => {
  await ada.start("template:shell");
  await ada.until("attached");
  await ada.page.setViewportSize({ width: 390, height: 700 });
  await ada.fits(390);
  await ada.type("clear; stty size\n");
  const [, rows, columns] = /^(\d+) (\d+)$/m.exec(await ada.shows(/^\d+ \d+$/m))!.map(Number);
  assert.ok(columns! > 30 && columns! < 50 && rows! > 10 && rows! < 40, `${rows} rows, ${columns} columns`);
  const overflow = await ada.page.evaluate("document.documentElement.scrollWidth - innerWidth");
  assert.equal(overflow, 0);

  lastRun().terminal!.cut(1012);
  await ada.type("echo still $((40 + 2))\n");
  await ada.until("attached");
  await ada.page.locator("#stop").click();
  assert.equal(await ada.until("ended"), "The session was stopped.");
  assert.equal(await ada.status("end-reason"), "stopped");
  await ada.page.setViewportSize({ width: 1000, height: 700 });
});

test("a session can be stopped while it starts, also after a reload", async () => {
  for (const reloads of [false, true]) {
    await ada.start(sources.stuck);
    await ada.page.locator('#stages [data-stage="pulling"][data-reached]').waitFor();
    assert.match(ada.page.url(), new RegExp(`#/session/${lastRun().session.id}$`));
    if (reloads) {
      await ada.page.reload();
      await ada.page.locator('#stages [data-stage="pulling"][data-reached]').waitFor();
    }
    await ada.page.locator("#stop").click();
    assert.equal(await ada.until("ended"), "The session was stopped.");
    assert.equal(lastRun().session.state, "ended");
  }
});

test("the address of somebody else's session opens nothing", async () => {
  await ada.start("template:shell");
  await ada.until("attached");
  const { runs } = stack.backend;
  const [known, upgrades] = [runs.length, stack.backend.upgrades];
  const address = `${stack.site.url}/#/session/${lastRun().session.id}`;

  const eve = await openAs(stack.browser, `${address}?token=x`, "eve@example.com");
  assert.equal(await eve.status("state"), "idle");
  await eve.open(address);
  assert.equal(await eve.until("ended"), "There is no such session.");
  assert.equal(await eve.status("end-reason"), "not-found");
  assert.deepEqual([runs.length, stack.backend.upgrades], [known, upgrades]);
  await eve.context.close();
  assert.equal(await ada.status("state"), "attached");
});

test("signing out leaves the session running, and signing in is refused in words", async () => {
  await ada.start("template:shell");
  await ada.until("attached");
  await ada.page.locator("#sign-out").click();
  await ada.page.locator("#sign-in").waitFor();
  assert.equal(new URL(ada.page.url()).hash, "");
  assert.equal(await ada.page.locator("#terminal").isVisible(), false);
  assert.equal(lastRun().session.state, "ready");

  await ada.page.locator("#email").fill("ada@example.com");
  await ada.page.locator("#password").fill("wrong password");
  await ada.page.locator("#sign-in").click();
  await ada.page.locator("#password-violation", { hasText: "do not belong together" }).waitFor();
  await ada.page.locator("#sign-up").click();
  await ada.page.locator("#email-violation", { hasText: "has an account already" }).waitFor();
  await ada.page.locator("#password").fill("correct horse");
  await ada.page.locator("#sign-in").click();
  await ada.page.locator("#start").waitFor();
});

test("nothing of this was blocked by the Content-Security-Policy, or failed unseen", () => {
  assert.deepEqual(ada.problems, []);
});

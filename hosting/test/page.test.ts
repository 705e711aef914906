import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { screenshot } from "@cliscale/e2e/browser";
import { attachCalls, refuseWith } from "./support/attachCalls.ts";
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
  assert.match(
    await ada.page.locator("#end-facts").innerText(),
    /Exit code\s+3\s.*the command ended by itself.*Ran for\s+\d/s,
  );
  await ada.page.locator("#start-again").click();
  await ada.page.locator('#stages [data-stage="ready"][data-reached]').waitFor({ state: "attached" });
  await ada.until("ended");
  assert.deepEqual(lastRun().input.command, "echo hello; stty size; exit 3");
});

test("what is wrong with a start stands next to its field, and goes away with the next start", async () => {
  const known = stack.backend.runs.length;
  await ada.start(sources.refused, "x");
  await ada.page.locator("#source-violation", { hasText: "must name a package that exists" }).waitFor();
  assert.equal(await ada.page.locator("#command-violation").innerText(), "must not be empty");
  assert.equal(await ada.page.evaluate("document.activeElement.id"), "source");
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
  await ada.page.locator("#end a").click();
  await ada.page.locator("#source").fill("template:shell");
  assert.equal(await ada.page.locator("#sha256").isVisible(), false);
});

test("a preset fills the form in, and a variable's value reaches the call and nothing else", async () => {
  await ada.page.getByRole("button", { name: "Claude Code" }).click();
  assert.equal(await ada.page.locator("#source").inputValue(), "template:claude-code");
  assert.equal(await ada.page.locator("#command").getAttribute("placeholder"), "claude");
  const values = ada.page.locator('.variable input[type="password"]');
  await values.fill("s3cret-value");
  await ada.page.locator("#add-variable").click();
  await ada.page.keyboard.type("OTHER");
  await ada.page.keyboard.press("Tab");
  await ada.page.keyboard.type("second s3cret");
  // A key that was typed for one agent is not handed to another.
  await ada.page.getByRole("button", { name: "Codex" }).click();
  const asked = await ada.page.locator('.variable input[type="text"]').all();
  assert.deepEqual(await Promise.all(asked.map((name) => name.inputValue())), ["OTHER", "OPENAI_API_KEY"]);
  await ada.page.getByRole("button", { name: "Claude Code" }).click();
  await values.nth(1).fill("s3cret-value");
  await ada.page.locator("#lifetime").selectOption("7200");
  await ada.page.locator("#command").fill("true");
  const link = await ada.page.locator("#copy-link").getAttribute("href");
  await screenshot(ada.page, "page-start-form");
  await ada.page.locator("#start").click();
  await ada.until("ended");
  const { requestId, ...input } = lastRun().input;
  assert.match(requestId!, /^[0-9a-f-]{36}$/);
  assert.deepEqual(input, {
    bundle: { source: "template:claude-code" },
    command: "true",
    env: { ANTHROPIC_API_KEY: "s3cret-value", OTHER: "second s3cret" },
    lifetimeSeconds: 7200,
  });
  const kept = await ada.page.evaluate(
    "JSON.stringify([location.href, { ...localStorage }, { ...sessionStorage }, document.cookie, document.body.innerHTML])",
  );
  assert.doesNotMatch(String(kept) + link, /s3cret/);
  assert.match(link!, /env=OTHER&env=ANTHROPIC_API_KEY$/);

  await ada.page.locator("#start-again").click();
  await ada.page.locator('#stages [data-stage="ready"][data-reached]').waitFor({ state: "attached" });
  assert.deepEqual(lastRun().input.env, input.env);
  assert.notEqual(lastRun().input.requestId, requestId);
  await ada.until("ended");
});

test("what is typed is checked by the service's schema, and starts nothing while it is wrong", async () => {
  const known = stack.backend.runs.length;
  const violation = (id: string, text: string) => ada.page.locator(`#${id}-violation`, { hasText: text }).waitFor();
  await ada.page.locator("#source").fill("npm:cowsay");
  await violation("source", "must be npm:NAME@VERSION with an exact version");
  await ada.page.locator("#source").fill("https://example.com/a.tgz");
  assert.equal(await ada.page.locator("#source-violation").textContent(), "");
  await ada.page.locator("#sha256").fill("AB");
  await violation("sha256", "must be 64 lower-case hex digits");
  await ada.page.locator("#add-variable").click();
  await ada.page.keyboard.type("1ST");
  await ada.page.keyboard.press("Tab");
  await ada.page.keyboard.type("value");
  await ada.page.locator(".variable .violation", { hasText: "its name must be a letter or _" }).waitFor();
  await ada.page.locator("#start").click();
  assert.equal(await ada.page.evaluate("document.activeElement.id"), "sha256");
  assert.equal(stack.backend.runs.length, known);
  assert.equal(await ada.status("state"), "idle");
});

test("a link fills in everything but secrets, says so, and starts nothing", async () => {
  const known = stack.backend.runs.length;
  const link = new URLSearchParams({ source: "npm:cowsay@1.6.0", command: "cowsay <b>hi</b>", lifetimeSeconds: "900" });
  link.append("env", "TOKEN");
  await ada.open(`${stack.site.url}/#/start?${link}&env=TOKEN2%3Dvalue&value=x`);
  await ada.page.locator("#link-notice", { hasText: "A link has filled this in" }).waitFor();
  assert.equal(await ada.page.locator("#source").inputValue(), "npm:cowsay@1.6.0");
  assert.equal(await ada.page.locator("#command").inputValue(), "cowsay <b>hi</b>");
  assert.equal(await ada.page.locator("#lifetime").inputValue(), "900");
  const names = await ada.page.locator('.variable input[type="text"]').all();
  assert.deepEqual(await Promise.all(names.map((name) => name.inputValue())), ["TOKEN", "TOKEN2=value"]);
  const values = await ada.page.locator('.variable input[type="password"]').all();
  assert.deepEqual(await Promise.all(values.map((value) => value.inputValue())), ["", ""]);
  await ada.page.waitForTimeout(300);
  assert.equal(stack.backend.runs.length, known);

  // What has been typed before is not handed to what another link names.
  await values[0]!.fill("s3cret");
  await ada.page.evaluate("location.hash = '#/start?source=npm:other@1.0.0&env=TOKEN'");
  await ada.page.waitForFunction("document.querySelector('#source').value === 'npm:other@1.0.0'");
  assert.equal(await ada.page.locator('.variable input[type="password"]').inputValue(), "");
});

test("the list shows one's own sessions as they change, to come back to and to stop", async () => {
  await ada.start("template:shell");
  await ada.until("attached");
  await ada.type("echo here-$((40 + 2))\n");
  await ada.shows(/here-42/);
  assert.equal(await ada.page.locator("#views [aria-current]").count(), 0);
  const { session } = lastRun();
  const row = ada.page.locator(`[data-session="${session.id}"]`);
  await ada.page.getByRole("link", { name: "Sessions" }).click();
  await row.getByText("Running").waitFor();
  assert.equal(await ada.page.locator("#views [aria-current]").innerText(), "Sessions");
  assert.equal(await ada.page.locator("#session").isVisible(), false);

  Object.assign(session, { state: "queued", position: 2 });
  await row.getByText("Queued, number 2 in line").waitFor();
  await screenshot(ada.page, "page-sessions");
  Object.assign(session, { state: "ready" });
  delete session.position;
  await row.getByText("Running").waitFor();
  await row.getByRole("link").click();
  await ada.until("attached");
  await ada.shows(/here-42/);

  await ada.page.getByRole("link", { name: "Sessions" }).click();
  await ada.page.locator("#session-filter").selectOption("ready");
  await row.getByRole("button", { name: "Stop template:shell" }).click();
  await row.waitFor({ state: "detached" });
  assert.equal(session.state, "ended");
  await ada.page.locator("#session-filter").selectOption("ended");
  await row.getByText("The session was stopped.").waitFor();
  await row.getByRole("button", { name: "Start again template:shell" }).click();
  assert.equal(await ada.page.locator("#source").inputValue(), "template:shell");
  assert.equal(new URL(ada.page.url()).hash, "#/");
  assert.equal(await ada.page.locator("#views [aria-current]").innerText(), "New session");
  assert.equal(await ada.page.locator("#sessions").isVisible(), false);
  const known = stack.backend.runs.length;
  await ada.page.goBack();
  await row.getByText("The session was stopped.").waitFor();
  assert.equal(stack.backend.runs.length, known);
  await row.getByRole("link").click();
  assert.equal(await ada.until("ended"), "The session was stopped.");
  await ada.page.locator("#end-facts", { hasText: "stopped by you" }).waitFor();
  await ada.page.locator("#start-again").click();
  assert.equal(await ada.page.locator("#source").inputValue(), "template:shell");
  assert.equal(await ada.status("state"), "idle");

  const eve = await openAs(stack.browser, `${stack.site.url}/#/sessions`, "lists@example.com", "#sessions");
  await eve.page.getByText("You have no sessions yet.").waitFor();
  await eve.context.close();
});

test("an end that is near is warned of, and put off", async () => {
  await ada.start("template:shell");
  await ada.until("attached");
  const { session } = lastRun();
  assert.equal(await ada.page.locator("#warning").isVisible(), false);
  const soon = new Date(Date.now() + 90_000).toISOString();
  session.idleAt = soon;
  await ada.page.reload();
  await ada.until("attached");
  // The stand-in takes the reload for activity, as the service does.
  assert.notEqual(session.idleAt, soon);
  assert.equal(await ada.page.locator("#warning").isVisible(), false);

  session.expiresAt = soon;
  await ada.page.setViewportSize({ width: 390, height: 700 });
  await ada.page.reload();
  const warning = ada.page.locator("#warning");
  await warning.getByText("time is nearly up").waitFor();
  await ada.until("attached");
  assert.match(await ada.page.locator("#warning-left").innerText(), /^\(in 1 min( \d+ s)?\)$/);
  await screenshot(ada.page, "page-warning");
  await ada.page.emulateMedia({ colorScheme: "dark" });
  await screenshot(ada.page, "page-warning-dark");
  await ada.page.emulateMedia({ colorScheme: "light" });
  await ada.page.setViewportSize({ width: 1000, height: 700 });
  const asked = Date.now();
  await warning.getByRole("button", { name: "Extend by an hour" }).click();
  await warning.waitFor({ state: "hidden" });
  const gained = Date.parse(session.expiresAt) - Date.parse(soon) - 3_600_000;
  assert.ok(gained >= -2000 && gained <= 2000 + Date.now() - asked, `extended by an hour and ${gained} ms`);

  Object.assign(session, { idleSeconds: 20, idleAt: new Date(Date.now() + 20_000).toISOString() });
  await ada.page.reload();
  await ada.until("attached");
  const box = await ada.page.locator("#terminal").boundingBox();
  await warning.getByText("Nothing is happening here").waitFor();
  // It takes no room: at another size a shell draws anew, which would count as activity.
  assert.deepEqual(await ada.page.locator("#terminal").boundingBox(), box);
  const earlier = { ...session, input: lastRun().terminal!.input };
  await warning.getByRole("button", { name: "Keep it" }).click();
  await warning.waitFor({ state: "hidden" });
  assert.notEqual(session.idleAt, earlier.idleAt);
  assert.equal(lastRun().terminal!.input, earlier.input);
  assert.equal(await ada.status("state"), "attached");

  await warning.waitFor();
  await ada.type("x");
  await warning.waitFor({ state: "hidden" });
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

  const said = await ada.page.evaluateHandle(() => {
    const sentences: (string | null)[] = [];
    const status = document.querySelector("#status")!;
    new MutationObserver(() => sentences.push(status.textContent)).observe(status, { childList: true, subtree: true });
    return sentences;
  });
  await ada.page.route(attachCalls, refuseWith(429, "RESOURCE_EXHAUSTED", { retryAfterSeconds: 600 }), { times: 1 });
  lastRun().terminal!.cut();
  await ada.page.locator("#status", { hasText: /^Refused\. Next try in \d+ s/ }).waitFor();
  assert.match((await said.jsonValue()).join("\n"), /^Connection lost\. Next try in \d s\.$/m);
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
  const [views, signOut] = await Promise.all(
    ["#views", "#sign-out"].map((selector) => ada.page.locator(selector).boundingBox()),
  );
  assert.ok(views!.x + views!.width <= signOut!.x, "the button covers the views' links");
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
    await ada.open(stack.site.url);
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

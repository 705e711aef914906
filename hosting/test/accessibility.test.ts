// Every view of the page, as axe sees it: light and dark, on a desktop and on a phone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { isAccessible } from "./support/axe.ts";
import { sources } from "./support/backend.ts";
import { type Stack, type Visit, openAs, openProfile, startStack } from "./support/page.ts";

let stack: Stack;
let ada: Visit;

before(async () => {
  stack = await startStack({ contact: "operator@example.com" });
  ada = await openAs(stack.browser, stack.site.url, "ada@example.com");
});
after(() => stack?.stop());

const lastRun = () => stack.backend.runs.at(-1)!;

test("signing in: the form, its problems, a mail on its way, and whose link it is", async () => {
  const { page, context } = await openProfile(stack.browser);
  await page.goto(stack.site.url);
  await page.locator("#sign-in").waitFor();
  await isAccessible(page, "sign-in");
  await page.locator("#email").fill("ada@example.com");
  await page.locator("#password").fill("wrong password");
  await page.locator("#sign-in").click();
  await page.locator("#password-violation", { hasText: "do not belong together" }).waitFor();
  await isAccessible(page, "sign-in-refused");
  await page.locator("#reset-password").click();
  await page.locator("#sign-in-note", { hasText: "ada@example.com" }).waitFor();
  await isAccessible(page, "sign-in-reset");
  await page.locator("#send-link").click();
  await page.locator("#mail-sent").waitFor();
  await isAccessible(page, "sign-in-mail-sent");
  await page.evaluate("localStorage.clear()");
  await page.goto(`${stack.site.url}/?mode=signIn&oobCode=made-up&apiKey=demo`);
  await page.locator("#confirm-form").waitFor();
  await isAccessible(page, "sign-in-whose-link");
  await page.locator("#confirm-email").fill("ada@example.com");
  await page.locator("#confirm").click();
  await page.locator("#error", { hasText: "no longer valid" }).waitFor();
  await isAccessible(page, "sign-in-used-link");
  await context.close();
});

test("the form that starts a session: empty, filled in by a link, with variables, and wrong", async () => {
  await isAccessible(ada.page, "start-form");
  await ada.open(`${stack.site.url}/#/start?source=https://example.com/a.tgz&sha256=AB&env=TOKEN`);
  await ada.page.locator("#sha256-violation", { hasText: "hex digits" }).waitFor();
  await isAccessible(ada.page, "start-form-link");
  await ada.start(sources.refused, "x");
  await ada.page.locator("#source-violation", { hasText: "must name a package that exists" }).waitFor();
  await isAccessible(ada.page, "start-form-refused");
});

test("a start: its stages, the queue, and why it failed", async () => {
  await ada.open(stack.site.url);
  await ada.start(sources.stuck);
  await ada.page.locator('#stages [data-stage="pulling"][data-reached]').waitFor();
  await isAccessible(ada.page, "starting");
  await ada.page.locator("#stop").click();
  await ada.until("ended");
  await ada.open(stack.site.url);
  await ada.start(sources.queued);
  await ada.page.locator("#status", { hasText: "Waiting for a free place" }).waitFor();
  await isAccessible(ada.page, "queued");
  await ada.page.locator("#stop").click();
  await ada.until("ended");
  await ada.open(stack.site.url);
  await ada.start(sources.failing);
  await ada.until("ended");
  await isAccessible(ada.page, "failed");
});

test("a session: attached, attaching again, near its end, and ended", async () => {
  await ada.open(stack.site.url);
  await ada.start("template:shell", "");
  await ada.until("attached");
  await ada.type("printf '\\e[31mred \\e[32mgreen \\e[1;34mblue\\e[0m\\n'; echo here-$((40 + 2))\n");
  await ada.shows(/here-42/);
  await isAccessible(ada.page, "attached");

  await ada.context.setOffline(true);
  lastRun().terminal!.cut();
  await ada.until("reattaching");
  await isAccessible(ada.page, "reattaching");
  await ada.context.setOffline(false);
  await ada.until("attached");

  lastRun().session.expiresAt = new Date(Date.now() + 90_000).toISOString();
  await ada.page.reload();
  await ada.page.locator("#warning").waitFor();
  await isAccessible(ada.page, "warning");
  await ada.type("exit 3\n");
  await ada.until("ended");
  await isAccessible(ada.page, "ended");
});

test("the list of sessions: with all states, and empty", async () => {
  const { page } = ada;
  await ada.open(stack.site.url);
  await ada.start("npm:@anthropic-ai/claude-code@2.0.0", "claude --dangerously-long-option with many words behind it");
  await ada.until("ended");
  await ada.open(stack.site.url);
  await ada.start("template:shell");
  await ada.until("attached");
  await ada.open(stack.site.url);
  await ada.start(sources.stuck);
  await ada.until("starting");
  await page.getByRole("link", { name: "Sessions" }).click();
  await page.locator('.session[data-state="ready"]').first().waitFor();
  await isAccessible(page, "sessions");
  await page.locator("#session-filter").selectOption("queued");
  await page.getByText("None at the moment.").waitFor();
  await isAccessible(page, "sessions-none");
});

test("who may not start sessions, and who must verify an address", async () => {
  for (const name of ["stranger", "unverified"]) {
    const visit = await openAs(stack.browser, stack.site.url, `${name}@example.com`);
    const { page, context } = visit;
    await visit.start("template:shell");
    await page.locator("#not-allowed").waitFor();
    await isAccessible(page, `not-allowed-${name}`);
    await context.close();
  }
});

test("nothing of this was blocked by the Content-Security-Policy, or failed unseen", () => {
  const unexpected = ada.problems.filter((problem) => !/ERR_INTERNET_DISCONNECTED/.test(problem));
  assert.deepEqual(unexpected, []);
});

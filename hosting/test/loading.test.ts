// What is loaded when, and how much of it: the first view waits for little, and nobody's scripts but our own come unasked.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Page, Response } from "playwright-core";
import { type Stack, openProfile, startStack } from "./support/page.ts";

/**
 * Kilobytes as gzip makes them of scripts and style sheets, about what Hosting sends; each what it is now and a tenth. Of the
 * terminal's, 15 are the tables by which it knows grapheme clusters, as the runner does.
 */
const budgets = { "before sign-in": 44, "after sign-in": 55, terminal: 115 };

let stack: Stack;

before(async () => {
  stack = await startStack();
});
after(() => stack?.stop());

/** Follows what a page loads: names without their hashes, in order, and bytes. */
function watch(page: Page) {
  const responses: Response[] = [];
  page.on("response", (response) => responses.push(response));
  const code = () => responses.filter((response) => /\.(js|css)$/.test(new URL(response.url()).pathname));
  return {
    names: () => code().map((response) => /([^/]+)-[\w-]{8}\.(?:js|css)$/.exec(response.url())![1]!),
    hosts: () => new Set(responses.map((response) => new URL(response.url()).host)),
    async kilobytes(): Promise<number> {
      const bodies = await Promise.all(code().map((response) => response.body()));
      return bodies.reduce((sum, body) => sum + gzipSync(body).length, 0) / 1000;
    },
  };
}

test("the form is there before the terminal's code, which is loaded only for who is signed in", async () => {
  const visit = await openProfile(stack.browser);
  const { context, page, problems } = visit;
  const loaded = watch(page);
  const held = Promise.withResolvers<void>();
  await page.route("**/assets/terminal-*", async (route) => {
    await held.promise;
    await route.continue();
  });
  await page.goto(stack.site.url);
  await page.locator("#sign-in").waitFor();
  await page.waitForLoadState("networkidle");
  assert.deepEqual(new Set(loaded.names()), new Set(["index"]));
  const first = await loaded.kilobytes();
  within(first, "before sign-in");

  await page.locator("#email").fill("lou@example.com");
  await page.locator("#password").fill("correct horse");
  const asked = page.waitForRequest("**/assets/terminal-*.js");
  await page.locator("#sign-up").click();
  await page.locator("#start").waitFor();
  const second = await loaded.kilobytes();
  within(second - first, "after sign-in");
  // It is asked for with nobody having started anything, and held up here: the form is of use without.
  await asked;
  assert.ok(!loaded.names().includes("terminal"));
  await visit.start("template:shell", "echo done");
  // One line that says so has taken the place of the list.
  await page.locator('#stages [data-stage="ready"][data-reached]').waitFor({ state: "attached" });
  held.resolve();
  await visit.until("ended");
  within((await loaded.kilobytes()) - second, "terminal");
  assert.deepEqual(loaded.hosts(), new Set([new URL(stack.site.url).host, stack.backend.address]));
  assert.deepEqual(problems, []);
  await context.close();
});

test("when the terminal's code cannot be had, the session says so and goes on", async () => {
  const visit = await openProfile(stack.browser);
  const { context, page, status } = visit;
  await page.route("**/assets/terminal-*", (route) => route.abort());
  await page.goto(stack.site.url);
  await page.locator("#email").fill("max@example.com");
  await page.locator("#password").fill("correct horse");
  await page.locator("#sign-up").click();
  await page.locator("#start").waitFor();
  await visit.start("template:shell");
  assert.match(await visit.until("ended"), /A part of this page cannot be loaded/);
  assert.equal(await status("end-reason"), "unavailable");
  assert.equal(stack.backend.runs.at(-1)!.session.state, "ready");
  await page.unroute("**/assets/terminal-*");
  await page.reload();
  await visit.until("attached");
  await context.close();
});

function within(kilobytes: number, what: keyof typeof budgets) {
  assert.ok(kilobytes > 5, `${what}: ${kilobytes} kB, which cannot be all`);
  assert.ok(kilobytes <= budgets[what], `${what}: ${kilobytes} kB, where ${budgets[what]} are allowed`);
}

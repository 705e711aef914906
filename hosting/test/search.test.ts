// Search in what the terminal has shown.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { screenshot } from "@cliscale/e2e/browser";
import { type Stack, type Visit, openAs, startStack } from "./support/page.ts";

let stack: Stack;
let visit: Visit;

before(async () => {
  stack = await startStack();
  visit = await openAs(stack.browser, stack.site.url, "ada@example.com");
  const output = "for i in $(seq 200); do echo line-$i; done; echo Needle; seq 60; echo needle; echo a[b";
  await visit.start("template:shell", `${output}; exec bash --norc --noprofile`);
  await visit.shows(/^a\[b\s+\S*[$#]/m);
});

after(async () => {
  await stack?.stop();
});

const bar = () => visit.page.locator("#search");
const query = () => visit.page.locator("#search-query");
const says = (text: string) => visit.page.locator("#search-result").getByText(text, { exact: true }).waitFor();
const focused = () => visit.page.evaluate("document.activeElement.className || document.activeElement.id");
const input = () => stack.backend.runs[0]!.terminal!.input;

/** Opens it by its keys, from the terminal, with an empty query and no option. */
beforeEach(async () => {
  if (await bar().isVisible()) await visit.page.locator("#search-close").click();
  await visit.page.locator("#terminal .xterm-helper-textarea").focus();
  await visit.page.keyboard.press("Control+Shift+F");
  await query().fill("");
  for (const id of ["search-case", "search-regex"]) {
    const option = visit.page.locator(`#${id}`);
    if ((await option.getAttribute("aria-pressed")) === "true") await option.click();
  }
  await query().focus();
});

test("the latest match comes first, then the others in both directions, and how many there are", async () => {
  const known = input();
  await visit.page.keyboard.type("line-1");
  await says("111 of 111");
  // What it has found is scrolled to.
  await visit.shows(/^line-199$/m);
  await visit.page.keyboard.press("Enter");
  await says("1 of 111");
  await visit.shows(/^line-1$/m);
  await visit.page.keyboard.press("Shift+Enter");
  await says("111 of 111");
  await visit.page.locator("#search-previous").click();
  await says("110 of 111");
  await screenshot(visit.page, "search");
  await visit.page.locator("#search-next").click();
  await says("111 of 111");
  assert.equal(input(), known);
});

test("case matters when it is asked to", async () => {
  await visit.page.keyboard.type("needle");
  await says("2 of 2");
  await visit.page.locator("#search-case").click();
  await says("1 of 1");
  assert.equal(await visit.page.locator("#search-case").getAttribute("aria-pressed"), "true");
});

test("a regular expression is one only when it is asked to be, and a bad one is told in words", async () => {
  await visit.page.keyboard.type("line-1[0-4]5$");
  await says("No match");
  await visit.page.locator("#search-regex").click();
  await says("5 of 5");
  await query().fill("a[");
  await says("Not a regular expression: Unterminated character class.");
  assert.equal(await query().getAttribute("aria-invalid"), "true");
  await visit.page.locator("#search-regex").click();
  await says("1 of 1");
  assert.equal(await query().getAttribute("aria-invalid"), "false");
});

test("Escape closes it, takes the highlights away and gives the focus back to where it was", async () => {
  await visit.page.keyboard.type("line-7");
  await says("11 of 11");
  await visit.page.locator("#terminal .xterm-decoration").first().waitFor({ state: "attached" });
  await visit.page.keyboard.press("Escape");
  assert.equal(await bar().isVisible(), false);
  assert.equal(await focused(), "xterm-helper-textarea");
  assert.equal(await visit.page.locator(".xterm-decoration").count(), 0);
  await visit.page.keyboard.type("echo typed-$((40 + 2))\n");
  await visit.shows(/typed-42/);

  const button = visit.page.locator("#tool-search");
  await button.focus();
  await visit.page.keyboard.press("Enter");
  assert.equal(await focused(), "search-query");
  await visit.page.keyboard.press("Escape");
  assert.equal(await visit.page.evaluate("document.activeElement.id"), "tool-search");
});

test("it takes no room from the terminal", async () => {
  const box = await visit.page.locator("#terminal").boundingBox();
  await visit.page.keyboard.press("Escape");
  assert.deepEqual(await visit.page.locator("#terminal").boundingBox(), box);
});

test("nothing of this was blocked by the Content-Security-Policy, or failed unseen", () => {
  assert.deepEqual(visit.problems, []);
});

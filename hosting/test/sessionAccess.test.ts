// What surrounds the terminal can be used by everybody: WCAG 2.2 AA, as far as axe finds out, in every theme and size.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { screenshot } from "@cliscale/e2e/browser";
import { sources } from "./support/backend.ts";
import { type Stack, type Visit, openAs, startStack } from "./support/page.ts";

let stack: Stack;
let visit: Visit;

before(async () => {
  stack = await startStack();
  visit = await openAs(stack.browser, stack.site.url, "ada@example.com", "#start", { viewport: desktop });
});

after(async () => {
  await stack?.stop();
});

const themes = ["light", "dark", "high-contrast"] as const;
const desktop = { width: 1280, height: 800 };
const phone = { width: 390, height: 844 };
const sizes = [{ width: 600, height: 500 }, phone, { width: 844, height: 390 }];

/** Looking at everything in every theme takes minutes. */
const isFull = process.env["CLISCALE_TEST_SIZE"] === "full";

/** Looks at what is shown in some themes, and keeps pictures of it, a phone's too. */
async function look(name: string, inThemes: readonly (typeof themes)[number][] = isFull ? themes : ["light"]) {
  const found: string[] = [];
  for (const theme of inThemes) {
    await visit.prefer({ theme });
    await visit.page.locator(`html[data-theme="${theme}"]`).waitFor();
    await screenshot(visit.page, `${name}-${theme}`);
    found.push(...(await violations()).map((violation) => `${theme}: ${violation}`));
  }
  for (const size of isFull ? sizes : [phone]) {
    await visit.page.setViewportSize(size);
    await screenshot(visit.page, `${name}-${size.width}`);
    const tooWide = await visit.page.evaluate("document.documentElement.scrollWidth - innerWidth");
    if (tooWide !== 0) found.push(`${size.width}: ${String(tooWide)} px too wide`);
  }
  await visit.page.setViewportSize(desktop);
  assert.deepEqual(found, []);
}

async function violations(): Promise<string[]> {
  const { violations: all } = await new AxeBuilder({ page: visit.page }).exclude(".xterm-rows").analyze();
  return all.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join()}`);
}

test("a start", async () => {
  await visit.start(sources.stuck);
  await visit.page.locator('#stages [data-stage="pulling"][data-reached]').waitFor();
  await look("access-start");
});

test("a terminal, its search, its menu and its dialogs", async () => {
  await visit.open(stack.site.url);
  await visit.start("template:shell", "seq 3; ls --color /; exec bash --norc --noprofile -i");
  await visit.until("attached");
  await visit.shows(/[$#]\s*$/);
  await look("access-terminal", themes);
  await visit.page.locator("#tool-search").click();
  await visit.page.keyboard.type("1");
  await visit.page.locator("#search-result", { hasText: "of" }).waitFor();
  await look("access-search");
  await visit.page.keyboard.press("Escape");
  for (const tool of ["transcript", "settings", "shortcuts"]) {
    await visit.page.locator(`#tool-${tool}`).click();
    await look(`access-${tool}`);
    await visit.page.keyboard.press("Escape");
  }
});

test("a connection that is lost", async () => {
  await visit.page.routeWebSocket(/\/ws\//, (route) => route.close({ code: 1011 }));
  stack.backend.runs.at(-1)!.terminal!.cut();
  await visit.page.locator("#reattach").waitFor();
  await look("access-reattaching");
});

test("an end", async () => {
  await visit.page.locator("#stop").click();
  await visit.until("ended");
  await look("access-end");
});

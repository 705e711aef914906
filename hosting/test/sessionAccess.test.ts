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
  visit = await openAs(stack.browser, stack.site.url, "ada@example.com");
});

after(async () => {
  await stack?.stop();
});

const themes = ["light", "dark", "high-contrast"];
const sizes = [
  { width: 1280, height: 800 },
  { width: 600, height: 500 },
  { width: 390, height: 844 },
  { width: 844, height: 390 },
];

async function prefer(theme: string) {
  await visit.page.evaluate((chosen) => {
    localStorage.setItem("cliscale.preferences", JSON.stringify({ theme: chosen }));
    window.dispatchEvent(new StorageEvent("storage", { key: "cliscale.preferences" }));
  }, theme);
  await visit.page.locator(`html[data-theme="${theme}"]`).waitFor();
}

/** Looks at what is shown in every theme, and keeps a picture of each size. */
async function look(name: string) {
  const found: string[] = [];
  for (const theme of themes) {
    await prefer(theme);
    for (const size of theme === "light" ? sizes : sizes.slice(0, 1)) {
      await visit.page.setViewportSize(size);
      await screenshot(visit.page, `${name}-${theme}-${size.width}`);
      const wide = await visit.page.evaluate("document.documentElement.scrollWidth - innerWidth");
      if (wide !== 0) found.push(`${theme} ${size.width}: ${String(wide)} px too wide`);
      const { violations } = await new AxeBuilder({ page: visit.page })
        .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
        .analyze();
      found.push(
        ...violations.map(({ id, nodes }) => `${theme} ${size.width}: ${id}: ${nodes.map(({ html }) => html).join()}`),
      );
    }
  }
  await visit.page.setViewportSize(sizes[0]!);
  assert.deepEqual(found, []);
}

test("a start", async () => {
  await visit.start(sources.stuck);
  await visit.page.locator('#stages [data-stage="pulling"][data-reached]').waitFor();
  await look("access-start");
});

test("a terminal, its search, its menu and its dialogs", async () => {
  await visit.open(stack.site.url);
  await visit.start("template:shell", "seq 30; ls -la --color /; exec bash --norc --noprofile -i");
  await visit.until("attached");
  await visit.shows(/[$#] $/);
  await look("access-terminal");
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

import assert from "node:assert/strict";
import { AxeBuilder } from "@axe-core/playwright";
import { screenshot } from "@cliscale/e2e/browser";
import type { Page } from "playwright-core";

/** WCAG 2.2, levels A and AA, with all that came before: https://www.deque.com/axe/core-documentation/api-documentation/#axecore-tags */
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

const desktop = { viewport: { width: 1000, height: 700 }, name: "desktop" };
const phone = { viewport: { width: 390, height: 844 }, name: "phone" };

/** Colours are the same at all sizes, and boxes in all colours: two looks see everything, all four are for a full run. */
const looks =
  process.env["CLISCALE_TEST_SIZE"] === "full"
    ? ([desktop, phone] as const).flatMap((size) => [
        { ...size, colorScheme: "light" as const },
        { ...size, colorScheme: "dark" as const },
      ])
    : [
        { ...desktop, colorScheme: "light" as const },
        { ...phone, colorScheme: "dark" as const },
      ];

/** Requires that axe finds nothing wrong with what the page shows now. */
export async function findsNothing(page: Page, what: string): Promise<void> {
  const { violations, passes } = await new AxeBuilder({ page }).setLegacyMode().withTags(tags).analyze();
  const found = violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map(({ html }) => html) }));
  assert.deepEqual(found, [], `axe on ${what}`);
  assert.ok(passes.length > 0, `axe looked at nothing of ${what}`);
}

/**
 * Requires that axe finds nothing wrong with a view, light and dark, on a desktop and on a phone, where nothing sticks out
 * either. Keeps pictures of it among the tests' output.
 */
export async function isAccessible(page: Page, view: string): Promise<void> {
  for (const { viewport, name, colorScheme } of looks) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const what = `${view}-${name}-${colorScheme}`;
    await screenshot(page, `view-${what}`);
    await findsNothing(page, what);
    const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    assert.equal(overflow, 0, `${view} is wider than the ${name}`);
  }
  await page.setViewportSize(desktop.viewport);
  await page.emulateMedia({ colorScheme: "light" });
}

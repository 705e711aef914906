import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { root } from "@cliscale/local/settings";
import { type Browser, chromium, type Page } from "playwright-core";

/** Debian's Chromium, or the browser that CLISCALE_CHROMIUM names, without what it would say to the outside. */
export function launchBrowser(more: string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env["CLISCALE_CHROMIUM"] ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
      ...more,
    ],
  });
}

/** Keeps a picture of the page among the tests' output. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const folder = join(root, "test-output");
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

/** How many layers of the page's terminal show something red, which text in its usual colours is not: pictures of a program's. */
export function redPictures(page: Page): Promise<number> {
  return page.locator("#terminal canvas").evaluateAll(
    (all) =>
      (all as HTMLCanvasElement[]).filter((canvas) => {
        const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
        return data.some((value, index) => index % 4 === 0 && value > 200 && data[index + 1]! < 50);
      }).length,
  );
}

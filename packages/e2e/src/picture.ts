// `npm run picture`: README's pictures of the terminal, light and dark, of a session on a stack of its own.
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { root } from "@cliscale/local/settings";
import type { Browser } from "playwright-core";
import { launchBrowser } from "./browser.ts";
import { startTestStack, type TestStack } from "./stack.ts";

/** The package of README's first session, and what somebody might type there. */
const bundle = { source: "npm:cowsay@1.6.0", command: "bash" };
const lines = [
  String.raw`PS1='\[\e[1;32m\]\W\[\e[0m\] $ '; clear`,
  "ls --color node_modules/cowsay",
  "cowsay -f stegosaurus 'A terminal, in a Job of its own'",
];
const viewport = { width: 1000, height: 700 };
const maximumBytes = 200_000;
const schemes = ["light", "dark"] as const;

const [stack, browser] = await Promise.all([startTestStack(), launchBrowser()]);
try {
  await takePictures(stack, browser);
} finally {
  await browser.close();
  await stack.remove();
}

async function takePictures({ url, demo }: TestStack, from: Browser): Promise<void> {
  const page = await from.newPage({ viewport, deviceScaleFactor: 2, reducedMotion: "reduce" });
  page.setDefaultTimeout(120_000);
  await page.goto(url);
  await page.locator("#email").fill(demo.email);
  await page.locator("#password").fill(demo.password);
  await page.locator("#sign-in").click();
  await page.locator("#source").fill(bundle.source);
  await page.locator("#command").fill(bundle.command);
  await page.locator("#start").click();
  await page.locator('#status[data-state="attached"]').waitFor();
  for (const line of lines) {
    await page.locator("#terminal .xterm-helper-textarea").focus();
    await page.keyboard.type(`${line}\n`);
    // A program that reads nothing yet would have the next line echoed in front of what it prints.
    await page.waitForTimeout(3_000);
  }
  await page.locator("#terminal .xterm-rows", { hasText: "Job of its own >" }).waitFor();

  const folder = join(root, "docs/images");
  await mkdir(folder, { recursive: true });
  for (const colorScheme of schemes) {
    await page.emulateMedia({ colorScheme });
    // The terminal draws its new colours in its next frame.
    await page.waitForTimeout(500);
    const path = join(folder, `terminal-${colorScheme}.png`);
    await page.screenshot({ path });
    const { size } = await stat(path);
    process.stdout.write(`${path}: ${Math.round(size / 1000)} kB\n`);
    if (size > maximumBytes) throw new Error(`${path} is larger than ${maximumBytes / 1000} kB`);
  }
  await page.locator("#stop").click();
  await page.locator('#status[data-state="ended"]').waitFor();
}

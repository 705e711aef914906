// The page, from its first byte to a flood of output: `npm run bench -- page [transfer|start|glyph|flood]...`, all parts where none is
// named. What another run has measured of the others is kept.
import { launchBrowser } from "@cliscale/e2e/browser";
import { startTestStack, type TestStack } from "@cliscale/e2e/stack";
import type { Browser } from "playwright-core";
import { keepResult, machine, readResult } from "../results.ts";
import { measureFlood } from "./flood.ts";
import { measureGlyph } from "./glyph.ts";
import { type PageResult, writeReport } from "./report.ts";
import { measureStart } from "./start.ts";
import { measureTransfer } from "./transfer.ts";
import { openProduct, signIn, sizeOf, startBare, startShell, type Visit } from "./visit.ts";

const parts = {
  transfer: measureTransfer,
  start: (browser: Browser, stack: TestStack) => signedIn(browser, stack, measureStart),
  glyph: (browser: Browser, stack: TestStack) => besideBare(browser, stack, measureGlyph),
  flood: (browser: Browser, stack: TestStack) => besideBare(browser, stack, measureFlood),
};
type Part = keyof typeof parts;

const named = process.argv.slice(3);
const unknown = named.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0) throw new Error(`there are ${Object.keys(parts).join(", ")}, and no ${unknown.join(", ")}`);
const wanted = (named.length > 0 ? named : Object.keys(parts)) as Part[];

const [stack, browser] = await Promise.all([startTestStack(), launchBrowser()]);
try {
  for (const part of wanted) {
    const measured = { machine: machine(), ...(await parts[part](browser, stack)) };
    const others = await readResult<PageResult>("page");
    await keepResult("page", { ...others, scenario: "the page", browser: browser.version(), [part]: measured });
  }
  await writeReport();
} finally {
  await browser.close();
  await stack.remove();
}

async function signedIn<T>(from: Browser, at: TestStack, measure: (visit: Visit) => Promise<T>): Promise<T> {
  const visit = await openProduct(from);
  await signIn(visit, at);
  const measured = await measure(visit);
  await visit.context.close();
  return measured;
}

/** Our page and a bare one, each with a shell on a terminal of the same size. */
async function besideBare<T>(
  from: Browser,
  at: TestStack,
  measure: (pages: Record<"product" | "bare", Visit>) => Promise<T>,
): Promise<T> {
  const peer = await startBare(from);
  try {
    return await signedIn(from, at, async (product) => {
      await startShell(product);
      const bare = await peer.open(await sizeOf(product));
      const measured = await measure({ product, bare });
      await bare.context.close();
      await product.page.locator("#stop").click();
      await product.page.locator('#status[data-state="ended"]').waitFor();
      return measured;
    });
  } finally {
    await peer.stop();
  }
}

import { setTimeout as delay } from "node:timers/promises";
import { median, percentile, round } from "../results.ts";
import type { Visit } from "./visit.ts";

/** Keys in one turn of one page, and turns of each. A line of the terminal holds those of a turn. */
const keysPerTurn = 25;
const turns = 8;
/** Between two keys; prime to the 16.7 ms of a frame, so that keys meet frames at any moment. */
const pauseMilliseconds = 61;

export interface KeyTimes {
  keys: number;
  toEcho: { p50Milliseconds: number; p95Milliseconds: number };
  toGlyph: { p50Milliseconds: number; p95Milliseconds: number };
}

/** From a key's own event to the frame that shows its echo by the terminal, both pages in turn. */
export async function measureGlyph(pages: Record<"product" | "bare", Visit>) {
  for (let turn = 0; turn < turns; turn += 1) {
    for (const visit of Object.values(pages)) await typeKeys(visit);
  }
  const [product, bare] = [await timesOf(pages.product), await timesOf(pages.bare)];
  return {
    product,
    bare,
    glyphOfBare: round(product.toGlyph.p50Milliseconds / bare.toGlyph.p50Milliseconds),
  };
}

/** Keys for `cat`, whose terminal echoes each by itself. */
async function typeKeys(visit: Visit): Promise<void> {
  await visit.line("clear; cat > /dev/null");
  // What `clear` does is drawn by then, and no key is taken for it.
  await delay(500);
  for (let key = 0; key < keysPerTurn; key += 1) {
    const { glyphs } = await visit.probe();
    await visit.page.keyboard.press("k");
    while ((await visit.probe()).glyphs.length === glyphs.length) await delay(5);
    await delay(pauseMilliseconds);
  }
  await visit.page.keyboard.press("Control+c");
}

async function timesOf(visit: Visit): Promise<KeyTimes> {
  const { glyphs, echoes } = await visit.probe();
  return { keys: glyphs.length, toEcho: summary(echoes), toGlyph: summary(glyphs) };
}

function summary(values: readonly number[]) {
  return { p50Milliseconds: round(median(values)), p95Milliseconds: round(percentile(values, 0.95)) };
}

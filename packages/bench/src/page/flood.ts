import { setTimeout as delay } from "node:timers/promises";
import { median, round } from "../results.ts";
import type { Visit } from "./visit.ts";

const bytes = 50_000_000;
const rounds = 3;
/** How long the flood lasts before it is interrupted. */
const untilInterruptMilliseconds = 1_000;
const untilPromptMilliseconds = 2_000;
/** A page that shows nothing new for longer than this is felt to hang. */
const frozenMilliseconds = 100;

export interface Flood {
  seconds: number;
  longestGapMilliseconds: number;
  gapsOver100Milliseconds: number;
  frames: number;
  longestTaskMilliseconds: number;
  /** From Ctrl+C to the program's handler. */
  interruptMilliseconds: number;
}

/** `cat` of 50 MB of a build's log, and Ctrl+C in the middle of another, both pages in turn; medians of the rounds. */
export async function measureFlood(pages: Record<"product" | "bare", Visit>) {
  for (const visit of Object.values(pages)) await makeLog(visit);
  const floods: Record<"product" | "bare", Flood[]> = { product: [], bare: [] };
  for (let count = 0; count < rounds; count += 1) {
    for (const name of ["product", "bare"] as const) {
      floods[name].push({ ...(await catAll(pages[name])), ...(await interrupt(pages[name])) });
    }
  }
  const [product, bare] = [medians(floods.product), medians(floods.bare)];
  return { bytes, rounds, product, bare, secondsOfBare: round(product.seconds / bare.seconds) };
}

/** Lines as a build prints them, with colours. */
async function makeLog(visit: Visit): Promise<void> {
  const format = "$(printf '\\033[2m[%%.0f]\\033[0m compiled module of the project in \\033[32m12 ms\\033[0m')";
  await visit.run(`clear; seq -f "${format}" 1 2000000 | head -c ${bytes} > log; echo MADE-$((1 + 1))`, /MADE-2/);
}

async function catAll(visit: Visit) {
  await visit.line("clear");
  await visit.page.evaluate(() => window.probe.watchFrames());
  const { at } = await visit.run("cat log; echo; echo END-$((1 + 1))", /END-2/);
  const { begun, gaps, longestTask } = (await visit.probe()).frames;
  return {
    seconds: round((at - begun) / 1000),
    longestGapMilliseconds: round(Math.max(...gaps)),
    gapsOver100Milliseconds: gaps.filter((gap) => gap > frozenMilliseconds).length,
    frames: gaps.length,
    longestTaskMilliseconds: round(longestTask),
  };
}

/**
 * The program is a shell that writes down when, by the clock that the page has too, its handler has run. It writes to a file: the
 * terminal may drop what is printed while it handles the key.
 */
async function interrupt(visit: Visit) {
  await visit.line("clear; rm -f at; (trap 'date +AT-%s%3N- > at; exit' INT; cat log; sleep 60)");
  await delay(untilInterruptMilliseconds);
  await visit.page.keyboard.press("Control+c");
  await delay(untilPromptMilliseconds);
  const { text } = await visit.run("clear; cat at", /AT-\d+-/);
  const { interrupted } = (await visit.probe()).frames;
  return { interruptMilliseconds: round(Number(/AT-(\d+)-/.exec(text)![1]) - interrupted) };
}

function medians(floods: readonly Flood[]): Flood {
  const names = Object.keys(floods[0]!) as (keyof Flood)[];
  return Object.fromEntries(
    names.map((name) => [name, median(floods.map((flood) => flood[name]))]),
  ) as unknown as Flood;
}

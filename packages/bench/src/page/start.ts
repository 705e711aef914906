import { median, percentile, round } from "../results.ts";
import { type Visit, startShell, stopShell } from "./visit.ts";
import type { StartTimes } from "./probe.ts";

const rounds = 12;
/** Starts before the first that counts: the emulator starts a process for each function. */
const warmUps = 2;

export interface StartStage {
  name: string;
  /** Whose time it is. */
  of: "page" | "service";
  p50Milliseconds: number;
  p95Milliseconds: number;
}

/** Where the time goes, in the order in which it passes. */
const stages: { name: string; of: StartStage["of"]; from: Point; to: Point }[] = [
  { name: "click to the call", of: "page", from: "clicked", to: "called" },
  { name: "call to its first stage", of: "service", from: "called", to: "queued" },
  { name: "first stage to the answer", of: "service", from: "queued", to: "answered" },
  { name: "answer to the socket's opening", of: "service", from: "answered", to: "opened" },
  { name: "opening to the first output", of: "service", from: "opened", to: "firstOutput" },
  { name: "first output to the prompt's frame", of: "page", from: "firstOutput", to: "prompt" },
];
type Point = Exclude<keyof StartTimes, "stages"> | "queued";

/** From the click on Start to the first prompt, by the page's own clock. */
export async function measureStart(visit: Visit) {
  const samples: StartTimes[] = [];
  for (let count = 0; count < warmUps + rounds; count += 1) {
    await startShell(visit);
    const { start } = await visit.probe();
    if (count >= warmUps) samples.push(start);
    await stopShell(visit);
  }
  const summary = (from: Point, to: Point) => {
    const values = samples.map((times) => at(times, to) - at(times, from));
    return { p50Milliseconds: round(median(values)), p95Milliseconds: round(percentile(values, 0.95)) };
  };
  return {
    rounds,
    whole: summary("clicked", "prompt"),
    stages: stages.map(({ name, of, from, to }): StartStage => ({ name, of, ...summary(from, to) })),
  };
}

function at(times: StartTimes, point: Point): number {
  const value = point === "queued" ? times.stages["queued"] : times[point];
  if (!value) throw new Error(`the page has not seen ${point}: ${JSON.stringify(times)}`);
  return value;
}

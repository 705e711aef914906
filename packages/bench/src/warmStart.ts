// How long `npm start` takes, from the command to the line `ready`, when everything is installed and state is there; and how
// long it takes to stop. The limit is what a person is promised.
import { mkdir, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { startTestStack, type TestStack } from "@cliscale/e2e/stack";

const rounds = 5;
const limitSeconds = 20;

let stack: TestStack | undefined;
const starts: number[] = [];
const stops: number[] = [];
try {
  // The first start makes the database, the keys and the users.
  for (let start = 0; start <= rounds; start++) {
    const begun = performance.now();
    stack = await startTestStack(stack && { stateDir: stack.stateDir });
    const ready = performance.now();
    await stack.stop();
    if (start === 0) continue;
    starts.push((ready - begun) / 1000);
    stops.push((performance.now() - ready) / 1000);
  }
} finally {
  await stack?.remove();
}

const result = {
  scenario: "warm start",
  machine: { cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), node: process.version },
  rounds,
  startSeconds: summary(starts),
  stopSeconds: summary(stops),
  startOfLimit: round(median(starts) / limitSeconds),
  limitSeconds,
};
const folder = join(import.meta.dirname, "../results");
await mkdir(folder, { recursive: true });
await writeFile(join(folder, "warmStart.json"), `${JSON.stringify(result, null, 2)}\n`);
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);

function summary(values: number[]) {
  return { minimum: round(Math.min(...values)), median: round(median(values)), maximum: round(Math.max(...values)) };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

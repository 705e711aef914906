// How long `npm start` takes, from the command to the line `ready`, when everything is installed and state is there; and how
// long it takes to stop. The limit is what a person is promised.
import { startTestStack, type TestStack } from "@cliscale/e2e/stack";
import { keepResult, machine, median, round } from "./results.ts";

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
  machine: machine(),
  rounds,
  startSeconds: summary(starts),
  stopSeconds: summary(stops),
  startOfLimit: round(median(starts) / limitSeconds),
  limitSeconds,
};
await keepResult("warmStart", result);

function summary(values: number[]) {
  return { minimum: round(Math.min(...values)), median: round(median(values)), maximum: round(Math.max(...values)) };
}

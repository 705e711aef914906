import assert from "node:assert/strict";
import { test } from "node:test";
import type { Job } from "../../src/scheduler/job.ts";
import { retryTime } from "../../src/scheduler/retry.ts";

const defaults = {
  retryCount: 5,
  maxRetryDuration: 0,
  minBackoffDuration: 5,
  maxBackoffDuration: 3600,
  maxDoublings: 5,
};

function wait(retryConfig: Partial<Job["retryConfig"]>, retries: number, elapsedSeconds = 0): number | undefined {
  const job = { retryConfig: { ...defaults, ...retryConfig } } as Job;
  const now = 1_000_000_000;
  const firstAttemptAt = now - elapsedSeconds * 1000;
  const time = retryTime(job, { scheduledFor: firstAttemptAt, firstAttemptAt, retries }, now);
  return time === undefined ? undefined : (time - now) / 1000;
}

test("waits are those of the documented example", () => {
  const config = { minBackoffDuration: 10, maxBackoffDuration: 300, maxDoublings: 3, maxRetryDuration: 1_000_000 };
  const waits = Array.from({ length: 8 }, (_, retries) => wait(config, retries));
  assert.deepEqual(waits, [10, 20, 40, 80, 160, 240, 300, 300]);
});

test("retries end when both of their limits are reached", () => {
  assert.equal(wait({ retryCount: 0, maxRetryDuration: 60 }, 0), undefined);
  assert.equal(wait({ retryCount: 2 }, 1), 10);
  assert.equal(wait({ retryCount: 2 }, 2), undefined);
  assert.equal(wait({ retryCount: 2, maxRetryDuration: 60 }, 2, 59), 20);
  assert.equal(wait({ retryCount: 2, maxRetryDuration: 60 }, 1, 61), 10);
  assert.equal(wait({ retryCount: 2, maxRetryDuration: 60 }, 2, 61), undefined);
});

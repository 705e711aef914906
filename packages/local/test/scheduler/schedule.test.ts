import assert from "node:assert/strict";
import { test } from "node:test";
import { StatusError } from "../../src/grpc/statusError.ts";
import { nextTime } from "../../src/scheduler/schedule.ts";

function next(schedule: string, timeZone: string, after: string): string | undefined {
  const time = nextTime(schedule, timeZone, Date.parse(after));
  return time === undefined ? undefined : new Date(time).toISOString();
}

test("the next time is after the given one, never at it", () => {
  assert.equal(next("* * * * *", "UTC", "2026-11-23T10:00:00Z"), "2026-11-23T10:01:00.000Z");
  assert.equal(next("* * * * *", "UTC", "2026-11-23T09:59:59.999Z"), "2026-11-23T10:00:00.000Z");
  assert.equal(next("0 3 * * *", "utc", "2026-11-23T03:00:00Z"), "2026-11-24T03:00:00.000Z");
});

test("a time zone's summer time counts", () => {
  assert.equal(next("0 9 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z"), "2026-10-25T08:00:00.000Z");
  assert.equal(next("0 9 * * *", "Europe/Berlin", "2026-10-23T12:00:00Z"), "2026-10-24T07:00:00.000Z");
});

test("a day of the month or a day of the week will do, where both are given", () => {
  assert.equal(next("0 0 1 * MON", "UTC", "2026-11-23T10:00:00Z"), "2026-11-30T00:00:00.000Z");
  assert.equal(next("0 0 1 * MON", "UTC", "2026-11-30T10:00:00Z"), "2026-12-01T00:00:00.000Z");
});

test("what never comes has no next time", () => {
  assert.equal(next("0 0 30 2 *", "UTC", "2026-11-23T10:00:00Z"), undefined);
});

test("what is not unix cron is refused, whatever the library makes of it", () => {
  for (const schedule of [
    "@daily",
    "0 0 L * *",
    "0 0 * * 5#2",
    "? * * * *",
    "* * * *",
    "* * * * * *",
    "*/0 * * * *",
    "60 * * * *",
  ]) {
    assert.throws(
      () => next(schedule, "UTC", "2026-11-23T10:00:00Z"),
      (error) => error instanceof StatusError && error.code === "INVALID_ARGUMENT",
      schedule,
    );
  }
});

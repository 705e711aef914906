import assert from "node:assert/strict";
import { test } from "node:test";
import { createPace } from "../src/sessions/pace.ts";

test("what changes is looked at often, what stays the same ever more seldom, up to half a minute", () => {
  const pace = createPace();
  const often = pace.next(true);
  const pauses = Array.from({ length: 20 }, () => pace.next(false));
  assert.ok(pauses.every((pause, index) => pause >= (pauses[index - 1] ?? often)));
  assert.ok(pauses[0]! > often);
  assert.equal(pauses.at(-1), 30_000);
  assert.equal(pace.next(true), often);
});

test("a look that fails is tried again later and later, until somebody waits for news", () => {
  const pace = createPace();
  const often = pace.next(true);
  assert.equal(pace.nextAfterFailure(), often * 2);
  assert.equal(pace.nextAfterFailure(), often * 4);
  pace.quicken();
  assert.ok(pace.next(false) < often * 2);
});

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { KeyVersion } from "../src/tokens/keyVersions.ts";
import { planRotation } from "../src/tokens/rotationPlan.ts";

const day = 24 * 60 * 60_000;
const now = Date.parse("2026-06-01T03:00:00Z");
const version = (name: string, ageDays: number, state: KeyVersion["state"] = "ENABLED"): KeyVersion => ({
  name,
  createdAt: now - ageDays * day,
  state,
});
const nothing = { create: false, disable: [], scheduleDestruction: [] };

suite("a rotation", () => {
  test("leaves a key alone that is not old", () => {
    assert.deepEqual(planRotation([version("1", 29)], now), nothing);
  });

  test("gives an old key a successor, once", () => {
    assert.deepEqual(planRotation([version("1", 30)], now), { ...nothing, create: true });
    assert.deepEqual(planRotation([version("1", 30), version("2", 0)], now), nothing);
    assert.deepEqual(planRotation([version("1", 30), version("2", 0, "PENDING_GENERATION")], now), nothing);
  });

  test("makes a key where none signs: the first one, and after a compromised one", () => {
    assert.deepEqual(planRotation([], now), { ...nothing, create: true });
    assert.deepEqual(planRotation([version("1", 1, "DISABLED")], now), { ...nothing, create: true });
  });

  test("disables what has had a successor that signs for a day", () => {
    assert.deepEqual(planRotation([version("1", 31), version("2", 1)], now), nothing);
    assert.deepEqual(planRotation([version("1", 31), version("2", 1.01)], now), { ...nothing, disable: ["1"] });
    const two = [version("1", 62), version("2", 31), version("3", 2)];
    assert.deepEqual(planRotation(two, now), { ...nothing, disable: ["1", "2"] });
  });

  test("has what is disabled destroyed when its successor has been there for 30 days", () => {
    const disabled = version("1", 60, "DISABLED");
    assert.deepEqual(planRotation([disabled, version("2", 29)], now), nothing);
    assert.deepEqual(planRotation([disabled, version("2", 30), version("3", 0)], now), {
      ...nothing,
      scheduleDestruction: ["1"],
    });
    assert.deepEqual(planRotation([version("1", 90, "DESTROY_SCHEDULED"), version("2", 29)], now), nothing);
  });

  test("never gives up a key that nothing newer replaces", () => {
    const newest = version("2", 20, "DISABLED");
    assert.deepEqual(planRotation([version("1", 29), newest], now), nothing);
    assert.deepEqual(planRotation([version("1", 400, "ENABLED"), newest], now), { ...nothing, create: true });
  });

  test("takes keys to their end one after another over a year of days", () => {
    const versions: KeyVersion[] = [];
    for (let time = now; time < now + 365 * day; time += day) {
      const plan = planRotation(versions, time);
      for (const each of versions) {
        if (plan.disable.includes(each.name)) each.state = "DISABLED";
        if (plan.scheduleDestruction.includes(each.name)) each.state = "DESTROY_SCHEDULED";
      }
      if (plan.create) versions.push({ name: String(versions.length + 1), createdAt: time, state: "ENABLED" });
      const enabled = versions.filter(({ state }) => state === "ENABLED").length;
      assert.ok(enabled === 1 || enabled === 2, `${enabled} keys are enabled`);
    }
    assert.equal(versions.length, 13);
    assert.ok(versions.slice(0, -3).every(({ state }) => state === "DESTROY_SCHEDULED"));
  });
});

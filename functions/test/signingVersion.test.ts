import assert from "node:assert/strict";
import { test } from "node:test";
import { signingVersion } from "../src/tokens/signingVersion.ts";

const minute = 60_000;
const now = Date.parse("2026-01-01T12:00:00Z");
const version = (name: string, ageMinutes: number) => ({ name, createdAt: now - ageMinutes * minute });

test("a new version signs once every gateway must know it, not before", () => {
  assert.equal(signingVersion([version("old", 5000), version("new", 9)], now).name, "old");
  assert.equal(signingVersion([version("old", 5000), version("new", 10)], now).name, "new");
});

test("the first version signs at once, and stays the one that signs while a second is young", () => {
  assert.equal(signingVersion([version("first", 0)], now).name, "first");
  assert.equal(signingVersion([version("second", 0), version("first", 5)], now).name, "first");
});

test("without an enabled version there is nothing to sign with", () => {
  assert.throws(() => signingVersion([], now), /no enabled version/);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { SessionState } from "@cliscale/protocol";
import { refuseWrongDatabase, WrongDatabaseError } from "../src/sweep/wrongDatabase.ts";

function judge(jobs: number, rowless: number): void {
  const ids = Array.from({ length: jobs }, (_, index) => String(index));
  const states = new Map(ids.slice(rowless).map((id): [string, SessionState] => [id, "ended"]));
  refuseWrongDatabase(ids, states);
}

test("a database is taken for a wrong one when at least 20 Jobs, and over a tenth of all, have no row", () => {
  for (const [jobs, rowless] of [
    [0, 0],
    [19, 19],
    [200, 20],
    [1000, 100],
  ] as const) {
    judge(jobs, rowless);
  }
  for (const [jobs, rowless] of [
    [20, 20],
    [199, 20],
    [1000, 101],
  ] as const) {
    assert.throws(
      () => judge(jobs, rowless),
      (error) => {
        assert.ok(error instanceof WrongDatabaseError);
        assert.equal(error.code, "SWEEP_WRONG_DATABASE");
        assert.match(error.message, new RegExp(`^${rowless} of ${jobs} Jobs have no row.*CLISCALE_DATABASE_URL`));
        return true;
      },
    );
  }
});

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { createPager } from "../../src/kubernetes/api/pager.ts";
import { StatusError } from "../../src/kubernetes/api/statusError.ts";
import type { ApiObject } from "../../src/kubernetes/resources/objects.ts";

const objects = (count: number) => Array.from({ length: count }, (_, index) => ({ kind: String(index) }) as ApiObject);
function isExpired(error: unknown): boolean {
  assert.ok(error instanceof StatusError);
  assert.deepEqual([error.status.code, error.status.reason], [410, "Expired"]);
  return true;
}

suite("a list page by page", () => {
  test("is the list of its first page, to the end", () => {
    const pager = createPager();
    const first = pager.first(objects(5), 7, 2);
    assert.deepEqual([first.items.length, first.remaining, first.revision], [2, 3, 7]);
    const second = pager.next(first.continueToken!, 2);
    assert.deepEqual([second.items.map(({ kind }) => kind), second.remaining], [["2", "3"], 1]);
    const last = pager.next(second.continueToken!, 2);
    assert.deepEqual([last.items.length, last.continueToken, last.revision], [1, undefined, 7]);
    // A client whose answer was lost asks again.
    assert.deepEqual(pager.next(first.continueToken!, 0).items.length, 3);
  });

  test("is expired after five minutes, and when too many others were begun", () => {
    let now = 0;
    const pager = createPager(() => now);
    const { continueToken } = pager.first(objects(2), 1, 1);
    now = 5 * 60_000;
    assert.equal(pager.next(continueToken!, 1).items.length, 1);
    now += 1;
    assert.throws(() => pager.next(continueToken!, 1), isExpired);
    const early = pager.first(objects(2), 1, 1).continueToken!;
    for (let count = 0; count < 64; count += 1) pager.first(objects(2), 1, 1);
    assert.throws(() => pager.next(early, 1), isExpired);
    assert.throws(() => pager.next("abc", 1), /continue key is not valid/);
  });
});

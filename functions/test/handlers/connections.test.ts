import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createPool } from "@cliscale/db";
import { handleAttachSession } from "../../src/attachSession.ts";
import { budgets } from "../../src/budgets.ts";
import { handleCreateSession } from "../../src/createSession.ts";
import { handleStopSession } from "../../src/stopSession.ts";
import { call, eventually, insertRow, startControlPlane, wish } from "./support.ts";

const plane = await startControlPlane();
after(() => plane.stop());

test("calls that wait hold no connection, in the queue or in a watch", async () => {
  const max = budgets.createSession.connections;
  const pool = createPool({
    connectionString: plane.databaseUrl,
    applicationName: "waiting",
    max,
    onError: () => undefined,
  });
  const deps = { ...plane.deps, pool };
  const queued = await Promise.all(Array.from({ length: 10 }, () => insertRow(plane, {})));
  const calls = [
    ...Array.from({ length: 10 }, () => call(wish("template:deaf"), { streaming: true })),
    ...queued.map(({ id }) => call({ sessionId: id }, { streaming: true })),
  ];
  const waiting = calls.map((each) =>
    "sessionId" in each.input
      ? handleAttachSession(deps, { ...each, input: each.input })
      : handleCreateSession(deps, { ...each, input: each.input }),
  );
  await eventually(async () => {
    for (const { chunks, input } of calls) {
      assert.equal(chunks.at(-1)?.stage, "sessionId" in input ? "queued" : "starting");
    }
  });
  // Those in the queue look at their rows each second; nobody does in between.
  await eventually(async () => {
    const { rows } = await plane.pool.query<{ state: string }>(
      "select state from pg_stat_activity where application_name = 'waiting'",
    );
    assert.ok(rows.length > 0 && rows.length <= max);
    assert.deepEqual(new Set(rows.map(({ state }) => state)), new Set(["idle"]));
    assert.deepEqual([pool.idleCount, pool.waitingCount], [pool.totalCount, 0]);
  });
  const ids = calls.map(({ chunks }) => chunks[0]!.sessionId!);
  const stopped = await Promise.all(ids.map((sessionId) => handleStopSession(deps, call({ sessionId }))));
  assert.deepEqual(new Set(stopped.map(({ session }) => session.endReason)), new Set(["stopped"]));
  for (const { session } of await Promise.all(waiting)) assert.equal(session.endReason, "stopped");
  await pool.end();
});

import assert from "node:assert/strict";
import { after, afterEach, suite, test } from "node:test";
import { consumeTokens } from "@cliscale/db";
import { handleAttachSession } from "../../src/attachSession.ts";
import { handleGetSession } from "../../src/getSession.ts";
import { runnerNamespace as namespace } from "../../src/kubernetes/jobManifest.ts";
import { handleSweep } from "../../src/sweepSessions.ts";
import { startFunctionsProcess } from "./functionsProcess.ts";
import { mix, requireInvariants, requireSettled } from "./mixture.ts";
import { call, eventually, openPool, startControlPlane, wish } from "./support.ts";

const plane = await startControlPlane();
after(() => plane.stop());
afterEach(async () => {
  await plane.pool.query("truncate sessions, token_jti, gateways");
  const { items } = await plane.jobs.listNamespacedJob({ namespace });
  for (const { metadata } of items) {
    await plane.jobs.deleteNamespacedJob({ namespace, name: metadata!.name!, propagationPolicy: "Background" });
  }
  await eventually(async () => assert.deepEqual(await plane.count(), { rows: 0, jobs: 0, secrets: 0, pods: 0 }));
});

const anyAge = { jobAgeSeconds: 0 };
const isFull = process.env["CLISCALE_TEST_SIZE"] === "full";

/** After each of these a sweep has done something that it has not finished. */
const decisive = [
  "after endOverdueSessions",
  "after discardUnpreparedSessions",
  "after startSession",
  "after endIdleSessions",
];
const others = [
  "before deleteExpiredTokens",
  "after deleteExpiredTokens",
  "before endOverdueSessions",
  "before deleteJob",
  "after deleteJob",
  "before resumeJob",
  "after resumeJob",
  "before listJobs",
  "after listJobs",
  "after sessionStates",
  "after liveSessions",
  "after listPods",
  "before endSession",
  "after endSession",
  "before endIdleSessions",
  "before deleteEndedSessions",
  "after deleteEndedSessions",
];

suite("a sweep that is killed", () => {
  for (const moment of isFull ? [...decisive, ...others] : decisive) {
    test(`${moment} leaves what the next one finishes`, async () => {
      const mixture = await mix(plane);
      const functions = startFunctionsProcess(plane);
      await functions.callUpTo(moment, "sweepSessions", {});
      await functions.kill();
      assert.deepEqual((await handleSweep(plane.deps, anyAge)).failed, []);
      await requireSettled(plane, mixture);
    });
  }
});

test("five sweeps at once settle what one does", async () => {
  const mixture = await mix(plane);
  const pools = Array.from({ length: 5 }, () => openPool(plane.databaseUrl));
  const results = await Promise.all(pools.map((pool) => handleSweep({ ...plane.deps, pool }, anyAge)));
  await Promise.all(pools.map((pool) => pool.end()));
  for (const { failed } of results) assert.deepEqual(failed, []);
  await requireSettled(plane, mixture);
});

test("after a day without sweeps nobody gets into what is over, looks end it, and one sweep settles the rest", async () => {
  const mixture = await mix(plane);
  const { jti, sub: ownerUid } = claimsOf(
    (await handleAttachSession(plane.deps, call({ sessionId: mixture.live }))).attach!,
  );
  await letPass("24 hours");
  const use = { jti, ownerUid, tokenSessionId: mixture.live, sessionId: mixture.live, admit: true };
  assert.equal((await consumeTokens(plane.pool, [use]))[0]?.outcome, "expired");
  for (const kind of ["live", "overdue"] as const) {
    const own = call({ sessionId: mixture[kind] });
    await assert.rejects(handleAttachSession(plane.deps, own), { code: "failed-precondition" }, kind);
    assert.equal((await handleGetSession(plane.deps, own)).session.endReason, "deadline", kind);
  }
  await assert.rejects(handleGetSession(plane.deps, call({ sessionId: mixture.abandoned })), { code: "unavailable" });
  assert.deepEqual((await handleSweep(plane.deps, anyAge)).failed, []);
  await requireInvariants(plane);
  assert.equal((await plane.row(mixture.idle))?.end_reason, "deadline");
  const { rows } = await plane.pool.query("select from token_jti");
  assert.equal(rows.length, 0);
});

test("clocks that are ten minutes apart change nothing that is decided", async () => {
  const mixture = await mix(plane);
  const [ahead, behind] = [10, -10].map((clockMinutes) => startFunctionsProcess(plane, { clockMinutes }));
  try {
    const input = wish("template:listen", { idleSeconds: 10 });
    const answers = await Promise.all([ahead!, behind!].map((each) => each.call("createSession", input)));
    const [{ session }] = answers as [(typeof answers)[0]];
    assert.deepEqual([...new Set(answers.map((answer) => answer.session.id))], [session.id]);
    const issued = answers.map(({ attach }) => claimsOf(attach!).iat);
    assert.ok(issued[0]! - issued[1]! > 1_000, "their clocks are the same");

    await Promise.all([ahead!, behind!].map((each) => each.call("sweepSessions", {})));
    await requireSettled(plane, mixture);
    assert.equal((await plane.row(session.id))?.state, "ready");
    // What a token is good for is decided by its row, which knows one clock.
    for (const { attach } of answers) {
      const { jti, sub: ownerUid } = claimsOf(attach!);
      const use = { jti, ownerUid, tokenSessionId: session.id, sessionId: session.id, admit: true };
      const uses = await Promise.all([consumeTokens(plane.pool, [use]), consumeTokens(plane.pool, [use])]);
      assert.deepEqual(
        uses
          .flat()
          .map(({ outcome }) => outcome)
          .toSorted(),
        ["consumed", "used"],
      );
    }
    await behind!.call("stopSession", { sessionId: session.id });
    await requireInvariants(plane);
  } finally {
    await Promise.all([ahead!, behind!].map((each) => each.kill()));
  }
});

/** Lets everything that the database knows have happened so much earlier, what has ended included. */
async function letPass(interval: string): Promise<void> {
  const client = await plane.pool.connect();
  await client.query("begin");
  // No trigger has a say in this.
  await client.query("set local session_replication_role = replica");
  for (const table of ["sessions", "token_jti", "gateways"]) {
    const { rows } = await client.query<{ name: string }>(
      `select column_name as name from information_schema.columns where table_name = $1 and data_type like 'timestamp%'`,
      [table],
    );
    const assignments = rows.map(({ name }) => `${name} = ${name} - $1::interval`);
    await client.query(`update ${table} set ${assignments.join(", ")}`, [interval]);
  }
  await client.query("commit");
  client.release();
}

function claimsOf({ token }: { token: string }): { jti: string; sub: string; iat: number } {
  return JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString()) as {
    jti: string;
    sub: string;
    iat: number;
  };
}

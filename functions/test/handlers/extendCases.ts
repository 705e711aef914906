import assert from "node:assert/strict";
import { test } from "node:test";
import { markSessionPrepared, startQueuedSessions } from "@cliscale/db";
import { noLimits } from "@cliscale/local/testing";
import type { Session } from "@cliscale/protocol";
import { handleCreateSession } from "../../src/createSession.ts";
import { handleExtendSession } from "../../src/extendSession.ts";
import { handleGetSession } from "../../src/getSession.ts";
import { handleStopSession } from "../../src/stopSession.ts";
import { call, type ControlPlane, insertRow, wish } from "./support.ts";

const maximumSeconds = 28_800;

/** As many seconds, give or take the time that the test itself takes. */
function requireClose(seconds: number, expected: number): void {
  assert.ok(Math.abs(seconds - expected) < 10, `${seconds} s instead of ${expected} s`);
}

/** How a session gets a longer life. */
export function extendCases(plane: ControlPlane): void {
  const extend = async (sessionId: string, lifetimeSeconds: number, uid = "ada"): Promise<Session> =>
    (await handleExtendSession(plane.deps, call({ sessionId, lifetimeSeconds }, { uid }))).session;

  /** A session with this lifetime that has started, and how many seconds after its start it now ends. */
  async function started(lifetime_seconds: number) {
    const { id } = await insertRow(plane, { owner_uid: "ada", lifetime_seconds });
    await markSessionPrepared(plane.pool, id);
    await startQueuedSessions(plane.pool, noLimits);
    return {
      id,
      async age(seconds: number) {
        await plane.pool.query(
          `update sessions set started_at = started_at - $2 * interval '1 second', expires_at = expires_at - $2 * interval '1 second'
           where id = $1`,
          [id, seconds],
        );
      },
      async lifetime() {
        const row = (await plane.row(id))!;
        return (row.expires_at.getTime() - row.started_at!.getTime()) / 1000;
      },
    };
  }

  test("a ready session lives for so long from now, which answer, row and a later look agree on", async () => {
    const { session } = await handleCreateSession(plane.deps, call(wish("template:listen", { lifetimeSeconds: 60 })));
    const extended = await extend(session.id, 7200);
    const { rows } = await plane.pool.query<{ left: string }>(
      `select extract(epoch from expires_at - now()) as left from sessions where id = $1`,
      [session.id],
    );
    requireClose(Number(rows[0]!.left), 7200);
    assert.equal(extended.expiresAt, (await plane.row(session.id))?.expires_at.toISOString());
    const { session: seen } = await handleGetSession(plane.deps, call({ sessionId: session.id }));
    assert.equal(seen.expiresAt, extended.expiresAt);
    assert.equal(extended.state, "ready");
  });

  test("extending by less never shortens a life", async () => {
    const session = await started(3600);
    await extend(session.id, 60);
    assert.equal(await session.lifetime(), 3600);
  });

  test("it counts from now, and ends at the longest lifetime after the start", async () => {
    const session = await started(3600);
    await session.age(3000);
    await extend(session.id, 3600);
    requireClose(await session.lifetime(), 6600);
    await extend(session.id, maximumSeconds);
    assert.equal(await session.lifetime(), maximumSeconds);
    await extend(session.id, Number.MAX_SAFE_INTEGER);
    assert.equal(await session.lifetime(), maximumSeconds);
  });

  test("a session that lives longer than the longest lifetime now is keeps what it has", async () => {
    const session = await started(maximumSeconds + 100);
    await extend(session.id, maximumSeconds);
    assert.equal(await session.lifetime(), maximumSeconds + 100);
  });

  test("of several at once the longest holds", async () => {
    const session = await started(60);
    await Promise.all([600, 7200, 60, 3600, 1200].map((seconds) => extend(session.id, seconds)));
    requireClose(await session.lifetime(), 7200);
  });

  test("a queued session gets a longer life from its start, however long it waits, and never a shorter one", async () => {
    const { id } = await insertRow(plane, { owner_uid: "ada", lifetime_seconds: 600 });
    const extended = await extend(id, 3600);
    requireClose((Date.parse(extended.expiresAt) - Date.now()) / 1000, 3600);
    assert.equal(extended.state, "queued");
    await plane.pool.query(
      `update sessions set created_at = created_at - interval '1 day', expires_at = expires_at - interval '1 day' where id = $1`,
      [id],
    );
    // A long wait is no reason to refuse: its life has not begun.
    const waited = await extend(id, 3600);
    requireClose((Date.parse(waited.expiresAt) - Date.now()) / 1000, 3600);
    await extend(id, 60);
    await markSessionPrepared(plane.pool, id);
    await startQueuedSessions(plane.pool, noLimits);
    const row = await plane.row(id);
    assert.equal(row!.expires_at.getTime() - row!.started_at!.getTime(), 3_600_000);
  });

  test("an extension that meets the start of its session is not lost", async () => {
    for (let round = 0; round < 10; round++) {
      const { id } = await insertRow(plane, { owner_uid: "ada", lifetime_seconds: 60 });
      await markSessionPrepared(plane.pool, id);
      await Promise.all([extend(id, 3600), startQueuedSessions(plane.pool, noLimits)]);
      const row = (await plane.row(id))!;
      requireClose((row.expires_at.getTime() - row.started_at!.getTime()) / 1000, 3600);
    }
  });

  test("what has ended, or is past its lifetime before any sweep, is not brought back", async () => {
    const refusal = { code: "failed-precondition", message: /Start a new one/ };
    const stopped = await started(600);
    await handleStopSession(plane.deps, call({ sessionId: stopped.id }));
    const before = await plane.row(stopped.id);
    await assert.rejects(extend(stopped.id, 3600), refusal);
    assert.deepEqual(await plane.row(stopped.id), before);

    const overdue = await started(600);
    await overdue.age(601);
    await assert.rejects(extend(overdue.id, 3600), refusal);
    assert.equal((await plane.row(overdue.id))?.end_reason, "deadline");
  });

  test("another user's session is as one that is not there", async () => {
    const session = await started(600);
    await assert.rejects(extend(session.id, 3600, "eve"), { code: "not-found", message: "There is no such session." });
    assert.equal(await session.lifetime(), 600);
  });
}

import assert from "node:assert/strict";
import { after, afterEach, suite, test } from "node:test";
import { restoreUser, revokeUser } from "@cliscale/db";
import type { ErrorDetails, StartAnswer } from "@cliscale/protocol";
import type { HttpsError } from "firebase-functions/https";
import { handleCreateSession } from "../../src/createSession.ts";
import type { Deps } from "../../src/deps.ts";
import { CallError, startFunctionsProcess } from "./functionsProcess.ts";
import { call, eventually, insertRow, limited, startControlPlane, wish } from "./support.ts";

const plane = await startControlPlane();
const { pool } = plane;
after(() => plane.stop());

const refused = (limit: string, max: number) => (error: unknown) => {
  const { code, details } = error as HttpsError;
  assert.equal(code, "resource-exhausted");
  const { retryAfterSeconds, ...rest } = details as ErrorDetails;
  assert.deepEqual(rest, { limit, max });
  const hasToWait = limit === "CLISCALE_CREATES_PER_MINUTE";
  assert.equal(hasToWait, retryAfterSeconds !== undefined && retryAfterSeconds >= 1 && retryAfterSeconds <= 60);
  return true;
};

/** Creates a session without waiting for it, as a caller that goes away at once. */
async function create(deps: Deps, input = wish(), options = {}): Promise<StartAnswer> {
  const leaving = call(input, options);
  leaving.leave();
  return handleCreateSession(deps, leaving);
}

async function states(): Promise<Record<string, number>> {
  const { rows } = await pool.query<{ state: string; count: number }>(
    `select state, count(*)::integer as count from sessions group by state`,
  );
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
}

suite("quotas", () => {
  afterEach(async () => {
    const { rows } = await pool.query<{ id: string }>(`delete from sessions returning id`);
    await Promise.all(rows.map(({ id }) => plane.deps.cluster.deleteJob(id)));
    await eventually(async () => assert.equal((await plane.count()).pods, 0));
  });

  test("100 creates of one user at once, in two processes, give exactly the limit", async () => {
    const limits = { sessionsPerUser: 5 };
    const processes = [startFunctionsProcess(plane, { limits }), startFunctionsProcess(plane, { limits })];
    try {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 100 }, (_, index) => processes[index % 2]!.call("createSession", wish())),
      );
      const admitted = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
      assert.equal(admitted.length, 5);
      assert.ok(admitted.every(({ attach }) => attach));
      for (const outcome of outcomes) {
        if (outcome.status === "fulfilled") continue;
        assert.ok(outcome.reason instanceof CallError);
        refused("CLISCALE_SESSIONS_PER_USER", 5)(outcome.reason);
      }
      assert.deepEqual(await states(), { ready: 5 });
      assert.partialDeepStrictEqual(await plane.count(), { jobs: 5, secrets: 5, pods: 5 });
    } finally {
      await Promise.all(processes.map((each) => each.kill()));
    }
  });

  test("other users are not affected by what one has", async () => {
    const deps = limited(plane, { sessionsPerUser: 1 });
    await create(deps);
    await assert.rejects(create(deps), refused("CLISCALE_SESSIONS_PER_USER", 1));
    await create(deps, wish(), { uid: "eve" });
  });

  test("creates at once give exactly what a user may create within a minute, and then more", async () => {
    const deps = limited(plane, { createsPerMinute: 3 });
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => create(deps)));
    assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 3);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") refused("CLISCALE_CREATES_PER_MINUTE", 3)(outcome.reason);
    }
    // Those that have ended count as well.
    await pool.query(`update sessions set state = 'ended', end_reason = 'stopped', ended_at = now()`);
    await assert.rejects(create(deps), refused("CLISCALE_CREATES_PER_MINUTE", 3));
    await pool.query(
      `update sessions set created_at = created_at - interval '50 seconds'
       where id = (select id from sessions order by created_at limit 1)`,
    );
    await assert.rejects(create(deps), ({ details }: HttpsError) => {
      const { retryAfterSeconds } = details as ErrorDetails;
      return retryAfterSeconds! <= 10;
    });
    await pool.query(`update sessions set created_at = created_at - interval '1 minute'`);
    await create(deps);
  });

  test("a request that is repeated does not count again, and is answered at the limit", async () => {
    const deps = limited(plane, { sessionsPerUser: 2, createsPerMinute: 2 });
    const [one, two] = [wish(), wish()];
    const answers = await Promise.all([one, one, one, two, two, two].map((input) => create(deps, input)));
    assert.equal(new Set(answers.map(({ session }) => session.id)).size, 2);
    await assert.rejects(create(deps), (error: HttpsError) => error.code === "resource-exhausted");
    assert.equal((await create(deps, one)).session.id, answers[0]!.session.id);
  });

  test("a repeated request of a session past its deadline is answered with how it ended, and no token", async () => {
    const input = wish();
    const { session } = await handleCreateSession(plane.deps, call(input));
    await pool.query(`update sessions set expires_at = now() - interval '1 second' where id = $1`, [session.id]);
    const again = await handleCreateSession(plane.deps, call(input));
    assert.deepEqual([again.session.id, again.session.endReason, again.attach], [session.id, "deadline", undefined]);
  });

  test("in total, so many may start and wait as the limits say, exactly", async () => {
    const deps = limited(plane, { sessionsTotal: 2, queueTotal: 3 });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => create(deps, wish(), { uid: `user-${index}` })),
    );
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") refused("CLISCALE_QUEUE_TOTAL", 3)(outcome.reason);
    }
    const { queued, ...running } = await states();
    assert.equal(queued, 3);
    assert.equal(
      Object.values(running).reduce((sum, count) => sum + count),
      2,
    );
    await eventually(async () => {
      assert.deepEqual(await plane.count(), { rows: 5, jobs: 5, secrets: 5, pods: 2 });
    });
  });

  test("before it refuses, a look is taken at the caller's own sessions", async () => {
    const deps = limited(plane, { sessionsPerUser: 2 });
    const { session } = await create(deps, wish("template:exited"));
    const overdue = await insertRow(plane, { owner_uid: "ada", state: "starting", started_at: new Date() });
    await pool.query(`update sessions set expires_at = now() where id = $1`, [overdue.id]);
    await eventually(async () => {
      const [pod] = (await plane.deps.cluster.listPods()) ?? [];
      assert.ok(pod?.status?.containerStatuses?.[0]?.state?.terminated);
    });
    assert.deepEqual(await states(), { starting: 2 });
    await create(deps);
    await create(deps);
    const [exited, late] = await Promise.all([plane.row(session.id), plane.row(overdue.id)]);
    assert.deepEqual([exited?.end_reason, late?.end_reason], ["exited", "deadline"]);
    await assert.rejects(create(deps), refused("CLISCALE_SESSIONS_PER_USER", 2));
  });

  test("a user's custom claims of the same names count instead, where they are limits", async () => {
    const deps = limited(plane, { sessionsPerUser: 1, createsPerMinute: 1 });
    const claims = { CLISCALE_SESSIONS_PER_USER: 3, CLISCALE_CREATES_PER_MINUTE: 100 };
    for (let count = 0; count < 3; count++) await create(deps, wish(), { claims });
    await assert.rejects(create(deps, wish(), { claims }), refused("CLISCALE_SESSIONS_PER_USER", 3));
    const nonsense = { CLISCALE_SESSIONS_PER_USER: "100", CLISCALE_CREATES_PER_MINUTE: 0 };
    await create(deps, wish(), { uid: "eve", claims: nonsense });
    await assert.rejects(
      create(deps, wish(), { uid: "eve", claims: nonsense }),
      refused("CLISCALE_CREATES_PER_MINUTE", 1),
    );
  });

  test("a revocation ends all sessions of a user and admits no other, however many are being created", async () => {
    const attempts = Array.from({ length: 30 }, () => create(plane.deps).catch((error: unknown) => error));
    await eventually(async () => assert.ok(Object.keys(await states()).length > 0));
    const others = await create(plane.deps, wish(), { uid: "eve" });
    await revokeUser(pool, "ada");
    await Promise.all(attempts);
    const { rows } = await pool.query<{ state: string; owner_uid: string; end_reason: string }>(
      `select distinct owner_uid, state = 'ended' as ended, end_reason from sessions order by owner_uid`,
    );
    assert.deepEqual(rows, [
      { owner_uid: "ada", ended: true, end_reason: "stopped" },
      { owner_uid: "eve", ended: false, end_reason: null },
    ]);
    assert.notEqual((await plane.row(others.session.id))?.state, "ended");
    await assert.rejects(create(plane.deps), { code: "permission-denied", message: /Ask them to restore it/ });
    assert.equal(await restoreUser(pool, "ada"), true);
    await create(plane.deps);
  });
});

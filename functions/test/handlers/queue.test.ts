import assert from "node:assert/strict";
import { after, afterEach, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { SessionRow } from "@cliscale/db";
import type { StartAnswer } from "@cliscale/protocol";
import { handleAttachSession } from "../../src/attachSession.ts";
import { handleCreateSession } from "../../src/createSession.ts";
import { handleGetSession } from "../../src/getSession.ts";
import { jobName, runnerNamespace as namespace } from "../../src/kubernetes/jobManifest.ts";
import { handleListSessions } from "../../src/listSessions.ts";
import { handleStopSession } from "../../src/stopSession.ts";
import { handleSweep } from "../../src/sweepSessions.ts";
import { CallError, startFunctionsProcess } from "./functionsProcess.ts";
import { around, call, eventually, idOf, limited, partsOf, startControlPlane, whole, wish } from "./support.ts";

const plane = await startControlPlane();
const { pool } = plane;
after(() => plane.stop());
const deps = limited(plane, { sessionsTotal: 1 });

/** Creates a session without waiting for it. */
async function create(source = "template:listen", dependencies = deps): Promise<string> {
  const leaving = call(wish(source));
  leaving.leave();
  return (await handleCreateSession(dependencies, leaving)).session.id;
}

const stop = (sessionId: string) => handleStopSession(deps, call({ sessionId }));
const stateOf = async (id: string) => (await plane.row(id))?.state;
const isSuspended = async (id: string) =>
  (await plane.jobs.readNamespacedJob({ namespace, name: jobName(id) })).spec?.suspend;

/** Milliseconds from the end of one session to the start of another, by the database's clock. */
async function gapBetween(ended: string, started: string): Promise<number> {
  const { rows } = await pool.query<{ gap: number }>(
    `select extract(epoch from b.started_at - a.ended_at)::float8 * 1000 as gap from sessions a, sessions b where a.id = $1 and b.id = $2`,
    [ended, started],
  );
  return rows[0]!.gap;
}

suite("the queue", () => {
  afterEach(async () => {
    const { rows } = await pool.query<{ id: string }>(`delete from sessions returning id`);
    await Promise.all(rows.map(({ id }) => plane.deps.cluster.deleteJob(id)));
  });

  test("holds suspended Jobs in the order of their creation, and says how long it is", async () => {
    await create();
    const [first, second] = [await create(), await create()];
    for (const [place, id] of [first, second].entries()) {
      const { session } = await handleGetSession(deps, call({ sessionId: id }));
      assert.deepEqual([session.state, session.position], ["queued", place + 1]);
      assert.equal(await isSuspended(id), true);
      assert.deepEqual(await partsOf(plane, id), { ...whole, pods: 0 });
    }
    const { sessions } = await handleListSessions(deps, call({ state: "queued" }));
    assert.deepEqual(
      sessions.map(({ id, position }) => [id, position]),
      [
        [second, 2],
        [first, 1],
      ],
    );
    await stop(first);
    assert.equal((await handleGetSession(deps, call({ sessionId: second }))).session.position, 1);
  });

  test("moves on at once when a session is stopped, and a lifetime counts from the start", async () => {
    const running = await create();
    const next = await create();
    await pool.query(
      `update sessions set created_at = created_at - interval '1 day', expires_at = expires_at - interval '1 day' where id = $1`,
      [next],
    );
    await stop(running);
    const row = (await plane.row(next))!;
    assert.equal(row.state, "starting");
    assert.equal(row.expires_at.getTime() - row.started_at!.getTime(), 3_600_000);
    assert.equal(await isSuspended(next), false);
    assert.ok((await gapBetween(running, next)) < 2_000);
  });

  test("tells a caller that streams each place, and then the stages", async () => {
    const [running, before] = [await create(), await create()];
    const waiting = call(wish(), { streaming: true });
    const answering = handleCreateSession(deps, waiting);
    await eventually(async () => assert.equal(waiting.chunks.at(-1)?.position, 2));
    await stop(before);
    await eventually(async () => assert.equal(waiting.chunks.at(-1)?.position, 1));
    await stop(running);
    const { session, attach } = await answering;
    assert.ok(attach);
    assert.equal(session.position, undefined);
    assert.deepEqual(
      waiting.chunks.map(({ stage, position }) => [stage, position]),
      [
        ["queued", 2],
        ["queued", 1],
        ["scheduling", undefined],
        ["pulling", undefined],
        ["starting", undefined],
        ["ready", undefined],
      ],
    );
    const times = waiting.chunks.map(({ at }) => at);
    assert.deepEqual(times, times.toSorted());
  });

  test("moves on when a pod exits while any call waits, whosever it is and wherever it waits in line", async () => {
    const exits = await create("template:brief");
    const next = await create();
    const last = await create();
    const waiting = call({ sessionId: last });
    const answering = handleAttachSession(deps, waiting);
    await eventually(async () => assert.equal(await stateOf(next), "starting"));
    assert.equal((await plane.row(exits))?.end_reason, "exited");
    assert.ok((await gapBetween(exits, next)) < 2_000);
    waiting.leave();
    assert.equal((await answering).session.state, "queued");
  });

  test("moves on with a sweep where nobody waits", async () => {
    const exits = await create("template:exited");
    const next = await create();
    await eventually(async () => {
      await handleSweep(deps);
      assert.equal(await stateOf(next), "ready");
    });
    assert.equal((await plane.row(exits))?.end_reason, "exited");
  });

  test("never starts more than there is room for, however many let sessions out at once", async () => {
    const wide = limited(plane, { sessionsTotal: 3 });
    const ids = await Promise.all(
      Array.from({ length: 9 }, () => create("template:listen", limited(plane, { sessionsTotal: 0 }))),
    );
    await Promise.all(Array.from({ length: 20 }, () => handleSweep(wide)));
    const { rows } = await pool.query<SessionRow>(`select * from sessions order by created_at, id`);
    assert.deepEqual(
      rows.map(({ state }) => state === "queued"),
      ids.map((_, index) => index >= 3),
    );
  });

  test("keeps the place of one whose launcher is at work, and not that of one whose launcher is dead", async () => {
    const running = await create();
    const held = Promise.withResolvers<void>();
    const input = wish();
    const hook = async (moment: string) => (moment === "before createJob" ? held.promise : undefined);
    const launching = handleCreateSession({ ...deps, cluster: around(deps.cluster, hook) }, call(input));
    const slow = await eventually(() => idOf(plane, input));
    const quick = await create();
    await stop(running);
    assert.equal(await stateOf(quick), "queued");
    held.resolve();
    assert.ok((await launching).attach);
    await stop(slow);
    assert.equal(await stateOf(quick), "starting");

    const dead = await create("template:listen", limited(plane, { sessionsTotal: 0 }));
    await pool.query(
      `update sessions set prepared_at = null, created_at = created_at - interval '1 hour' where id = $1`,
      [dead],
    );
    const following = await create();
    await stop(quick);
    assert.equal(await stateOf(following), "starting");
  });

  test("a Job that its starter could not resume is resumed by whoever looks next", async () => {
    const running = await create();
    const next = await create();
    plane.fail({ verb: "patch", resource: "jobs", name: jobName(next) }, { error: { code: 403 } });
    await stop(running);
    assert.deepEqual([await stateOf(next), await isSuspended(next)], ["starting", true]);
    await handleGetSession(deps, call({ sessionId: next }));
    assert.equal(await isSuspended(next), false);
  });

  test("a waiting call outlasts a short outage of the database, and its session keeps its place", async () => {
    const running = await create();
    let failing = 0;
    const query = (...args: Parameters<typeof pool.query>) =>
      failing-- > 0 ? Promise.reject(new Error("the database restarts")) : pool.query(...args);
    const shaky = { ...deps, pool: Object.assign(Object.create(pool) as typeof pool, { query }) };
    const waiting = call(wish(), { streaming: true });
    const answering = handleCreateSession(shaky, waiting);
    await eventually(async () => assert.equal(waiting.chunks.at(-1)?.position, 1));
    failing = 3;
    await eventually(async () => assert.ok(failing <= 0));
    const behind = await create();
    await stop(running);
    assert.ok((await answering).attach);
    assert.equal(await stateOf(behind), "queued");
  });

  test("a session that is stopped in the queue never starts", async () => {
    const running = await create();
    const waiting = call(wish());
    const answering = handleCreateSession(deps, waiting);
    const queued = await eventually(() => idOf(plane, waiting.input));
    await eventually(async () => assert.equal((await partsOf(plane, queued)).secrets, 1));
    await stop(queued);
    await stop(running);
    const { session, attach } = await answering;
    assert.deepEqual([session.state, session.endReason, attach], ["ended", "stopped", undefined]);
    assert.equal((await plane.row(queued))?.started_at, null);
  });
});

/** Between the moment that a row says and the one at which others can see it. */
const commitMilliseconds = 100;

/** No session has started before one that was created earlier and waited prepared. */
function requireOrder(oldestFirst: SessionRow[]): void {
  for (const [index, later] of oldestFirst.entries()) {
    const overtaken = oldestFirst.slice(0, index).find(({ prepared_at, started_at }) => {
      const waitedSince = prepared_at!.getTime() + commitMilliseconds;
      return started_at! > later.started_at! && waitedSince < later.started_at!.getTime();
    });
    assert.equal(overtaken, undefined);
  }
}

/** Between two that ask for a session: more at once are too much for two processes on a small machine. */
const arrivalMilliseconds = 20;

/** What the caller is told to repeat is repeated, as clients do. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof CallError && error.code === "unavailable") || attempt === 10) throw error;
      await delay(1_000);
    }
  }
}

/** Sessions that ran at once, at most. One starts after the end of the one whose place it takes has been committed. */
function mostAtOnce(rows: SessionRow[]): number {
  const running = rows.map(
    ({ started_at: start }) => rows.filter((row) => row.started_at! <= start! && row.ended_at! > start!).length,
  );
  return Math.max(...running);
}

const { count, users, total } =
  process.env["CLISCALE_TEST_SIZE"] === "full"
    ? { count: 300, users: 30, total: 20 }
    : { count: 24, users: 6, total: 4 };

test(`${count} sessions of ${users} users start in order in two processes, never more than ${total} at once`, async () => {
  const limits = { sessionsPerUser: count / users, sessionsTotal: total, queueTotal: count };
  const processes = [startFunctionsProcess(plane, { limits }), startFunctionsProcess(plane, { limits })];
  try {
    const answers: Promise<StartAnswer>[] = [];
    for (let index = 0; index < count; index++) {
      const options = { uid: `user-${index % users}`, streaming: true };
      const each = processes[index % 2]!;
      const input = wish();
      const answer = patiently(() => each.call("createSession", input, options)).then(async (started) => {
        assert.ok(started.attach);
        await delay(Math.random() * 500);
        await patiently(() => each.call("stopSession", { sessionId: started.session.id }, options));
        return started;
      });
      answers.push(answer);
      answer.catch(() => undefined);
      await delay(arrivalMilliseconds);
    }
    await Promise.all(answers);
    const { rows } = await pool.query<SessionRow>(`select * from sessions order by created_at, id`);
    assert.equal(rows.length, count);
    assert.equal(mostAtOnce(rows), total);
    requireOrder(rows);
    assert.ok(rows.every(({ end_reason }) => end_reason === "stopped"));
  } finally {
    await Promise.all(processes.map((each) => each.kill()));
  }
});

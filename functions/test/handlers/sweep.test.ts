import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, beforeEach, suite, test } from "node:test";
import { insertSession, insertToken, type SessionRow } from "@cliscale/db";
import { noLimits } from "@cliscale/local/testing";
import { handleCreateSession } from "../../src/createSession.ts";
import { jobManifest, jobName, runnerNamespace as namespace } from "../../src/kubernetes/jobManifest.ts";
import { handleGetSession } from "../../src/getSession.ts";
import { handleSweep, sweepAndReport, type SweepResult } from "../../src/sweepSessions.ts";
import { sessionRow } from "../support/sessionRow.ts";
import { startPagedApi } from "./pagedLists.ts";
import {
  around,
  call,
  eventually,
  idOf,
  nothing,
  openPool,
  partsOf,
  requireGone,
  startControlPlane,
  wish,
} from "./support.ts";

const plane = await startControlPlane();
after(() => plane.stop());
const { pool, deps } = plane;

/** Lets Jobs be as old as a sweep wants them. */
const anyAge = { jobAgeSeconds: 0 };
/** A row, and a suspended Job for it where it is to have one. Resolves to the session's id. */
async function put(assignments: string, { job = true } = {}): Promise<string> {
  const id = randomUUID();
  await insertSession(pool, sessionRow({ id, request_id: randomUUID() }), noLimits);
  if (assignments) await pool.query(`update sessions set ${assignments} where id = $1`, [id]);
  if (job) await putJob(id);
  return id;
}

async function putJob(id: string): Promise<void> {
  await deps.cluster.createJob(jobManifest(sessionRow({ id }), deps.settings));
}

/** Starts a session whose caller has gone away. */
async function leave(source: string): Promise<string> {
  const leaving = call(wish(source));
  leaving.leave();
  const { session } = await handleCreateSession(deps, leaving);
  assert.equal(session.state, "starting");
  return session.id;
}

const many = <T>(count: number, make: () => Promise<T>) => Promise.all(Array.from({ length: count }, make));

const states = {
  abandoned: `created_at = now() - interval '41 seconds'`,
  launching: `created_at = now() - interval '20 seconds'`,
  overdue: `state = 'starting', started_at = now() - interval '2 hours', expires_at = now() - interval '1 hour'`,
  ended: `state = 'ended', end_reason = 'stopped', ended_at = now()`,
  longEnded: `state = 'ended', end_reason = 'stopped', ended_at = now() - interval '91 days'`,
};

async function jobNames(): Promise<string[]> {
  const { items } = await plane.jobs.listNamespacedJob({ namespace });
  return items.map(({ metadata }) => metadata!.name!).toSorted();
}

suite("a sweep", () => {
  beforeEach(async () => {
    await pool.query(`truncate sessions, token_jti`);
    for (const name of await jobNames()) {
      await plane.jobs.deleteNamespacedJob({ namespace, name, propagationPolicy: "Background" });
    }
    await eventually(async () => assert.equal((await plane.count()).pods, 0));
  });

  test("that has nothing to do costs two lists, however many sessions there are", async () => {
    const api = await startPagedApi(plane.kubernetes, 100);
    try {
      await many(3, () => handleCreateSession(deps, call(wish())));
      await put(states.launching);
      const before = await plane.count();
      assert.deepEqual(await handleSweep({ ...deps, cluster: plane.clusterAt(api.url) }, anyAge), nothing);
      assert.deepEqual(api.requests, ["GET jobs 0", "GET pods 0"]);
      assert.deepEqual(await plane.count(), before);
    } finally {
      await api.close();
    }
  });

  test("may run five times at once", async () => {
    const live = await handleCreateSession(deps, call(wish()));
    const kept = [live.session.id, await put(states.launching), await put(states.ended, { job: false })];
    const overdue = await many(4, () => put(states.overdue));
    const abandoned = await many(4, () => put(states.abandoned));
    const ended = await many(4, () => put(states.ended));
    const lost = await many(3, () => put(`state = 'starting', started_at = now()`, { job: false }));
    const forgotten = await many(3, () => put(states.longEnded, { job: false }));
    const rowless = await many(4, () => putJob(randomUUID()));
    for (let index = 0; index < 5; index++) {
      const token = { jti: randomUUID(), sessionId: live.session.id, ownerUid: "ada", kid: "kid", lifetimeSeconds: -1 };
      await insertToken(pool, token);
    }

    const pools = Array.from({ length: 5 }, () => openPool(plane.databaseUrl));
    const results = await Promise.all(pools.map((own) => handleSweep({ ...deps, pool: own }, anyAge)));
    await Promise.all(pools.map((own) => own.end()));
    const sum = (key: keyof Omit<SweepResult, "failed">) => results.reduce((total, result) => total + result[key], 0);
    for (const { failed } of results) assert.deepEqual(failed, []);
    assert.deepEqual(
      [sum("tokensDeleted"), sum("sessionsEnded"), sum("sessionsRemoved"), sum("sessionsForgotten")],
      [5, overdue.length, abandoned.length, forgotten.length],
    );
    assert.ok(sum("jobsDeleted") >= ended.length + rowless.length, "of a Job that two found, both may say so");

    assert.deepEqual(await jobNames(), kept.slice(0, 2).map(jobName).toSorted());
    const { rows } = await pool.query<SessionRow>(`select * from sessions`);
    const reasons = new Map(rows.map(({ id, end_reason }) => [id, end_reason]));
    const expected: [string, SessionRow["end_reason"]][] = [
      [kept[0]!, null],
      [kept[1]!, null],
      ...[kept[2]!, ...ended].map((id): [string, "stopped"] => [id, "stopped"]),
      ...overdue.map((id): [string, "deadline"] => [id, "deadline"]),
      ...lost.map((id): [string, "lost"] => [id, "lost"]),
    ];
    assert.deepEqual(Object.fromEntries(reasons), Object.fromEntries(expected));
    assert.deepEqual(await handleSweep(deps, anyAge), nothing);
  });

  test("deletes Jobs whose row has ended or, unless they are young, is missing, with their pods", async () => {
    const { session } = await handleCreateSession(deps, call(wish()));
    await pool.query(`update sessions set ${states.ended} where id = $1`, [session.id]);
    const rowless = randomUUID();
    await putJob(rowless);
    const foreign = jobManifest(sessionRow({ id: randomUUID() }), deps.settings);
    foreign.metadata!.name = "somebody-elses";
    await deps.cluster.createJob(foreign);
    assert.equal((await handleSweep(deps)).jobsDeleted, 1);
    await requireGone(plane, session.id);
    assert.ok((await jobNames()).includes(jobName(rowless)), "it is younger than a launch may take");
    assert.equal((await handleSweep(deps, anyAge)).jobsDeleted, 1);
    await requireGone(plane, rowless);
    assert.deepEqual(await jobNames(), ["somebody-elses"]);
  });

  test("records what nobody waited for: a pod that is ready, one that has ended, and how", async () => {
    const ids = await Promise.all(["listen", "exited", "failed", "silent"].map((each) => leave(`template:${each}`)));
    await eventually(async () => {
      await handleSweep(deps);
      const rows = await Promise.all(ids.map((id) => plane.row(id)));
      assert.deepEqual(
        rows.map((row) => [row!.state, row!.end_reason, row!.exit_code, row!.command]),
        [
          ["ready", null, null, null],
          ["ended", "exited", 3, "cowsay"],
          ["ended", "failed", null, null],
          ["ended", "lost", null, null],
        ],
      );
      assert.equal(rows[2]!.message, "The bundle has no program.");
      assert.match(rows[3]!.message!, /exit code 7/);
      assert.ok(rows[0]!.pod_ip);
    });
  });

  test("ends as lost what has lost its pod or its Job, and says which", async () => {
    const [podless, jobless] = await many(2, async () => (await handleCreateSession(deps, call(wish()))).session.id);
    const waiting = await put(`prepared_at = now()`, { job: false });
    const [pod] = (await plane.core.listNamespacedPod({ namespace, labelSelector: `cliscale.dev/session=${podless}` }))
      .items;
    await plane.core.deleteNamespacedPod({ namespace, name: pod!.metadata!.name! });
    await plane.jobs.deleteNamespacedJob({ namespace, name: jobName(jobless!), propagationPolicy: "Background" });
    await eventually(async () => assert.equal((await plane.count()).pods, 0));
    assert.deepEqual(await handleSweep(deps), { ...nothing, sessionsRepaired: 3, sessionsStarted: 1 });
    for (const [id, message] of [
      [podless!, "The session's pod is gone."],
      [jobless!, "The session's pod is gone."],
      [waiting, "The session's Job is gone."],
    ] as const) {
      const row = await plane.row(id);
      assert.deepEqual([row?.end_reason, row?.message], ["lost", message]);
    }
  });

  test("ends as failed, in Kubernetes' words, what has not been able to start for long", async () => {
    plane.kubernetes.injectFault({ match: {}, fault: { pod: "imagePull" } });
    const id = await leave("template:listen");
    await eventually(async () => {
      const [pod] = (await deps.cluster.listPods()) ?? [];
      assert.ok(pod?.status?.containerStatuses?.[0]?.state?.waiting?.reason?.includes("Pull"));
    });
    assert.deepEqual(await handleSweep(deps), nothing, "an image may yet come");
    await pool.query(`update sessions set started_at = now() - interval '16 minutes' where id = $1`, [id]);
    assert.equal((await handleSweep(deps)).sessionsRepaired, 1);
    const row = await plane.row(id);
    assert.equal(row?.end_reason, "failed");
    assert.match(row.message!, /^The pod could not be started: (ErrImagePull|ImagePullBackOff)/);
    await handleSweep(deps, anyAge);
    await requireGone(plane, id);
  });

  test("a start that was almost done when the database went away is taken back by a sweep, unless it is made again", async () => {
    const closing = openPool(plane.databaseUrl);
    const inputs = [wish(), wish(), wish()] as const;
    const closed = Promise.withResolvers<void>();
    let resumed = 0;
    const closeIt = async (moment: string) => {
      if (moment !== "after resumeJob") return;
      if (++resumed === inputs.length) closed.resolve(closing.end());
      await closed.promise;
    };
    const failing = { ...deps, pool: closing, cluster: around(deps.cluster, closeIt) };
    await Promise.all(
      inputs.map((input) => assert.rejects(handleCreateSession(failing, call(input)), { dependency: "postgres" })),
    );
    const [again, attached, left] = await Promise.all(inputs.map((input) => idOf(plane, input)));
    assert.equal((await handleCreateSession(deps, call(inputs[0]))).session.id, again);
    // Somebody who learned the id from a stage has attached, but its token is no longer on the list.
    await plane.pool.query(`update sessions set last_attach_at = now() where id = $1`, [attached]);
    assert.equal((await handleSweep(deps)).startsTakenBack, 1);
    await plane.pool.query(`delete from token_jti`);
    assert.equal((await handleSweep(deps)).startsTakenBack, 0);
    assert.equal(await plane.row(left!), undefined);
    await requireGone(plane, left!);
    for (const id of [again!, attached!]) {
      await eventually(async () => {
        assert.equal((await handleGetSession(deps, call({ sessionId: id }))).session.state, "ready");
      });
    }
  });

  test("does nothing on a list that is not complete, and begins again with one that has expired", async () => {
    const api = await startPagedApi(plane.kubernetes, 2);
    const paged = { ...deps, cluster: plane.clusterAt(api.url) };
    try {
      await many(5, () => putJob(randomUUID()));
      const lost = await put(`state = 'starting', started_at = now()`, { job: false });
      const before = await jobNames();

      api.refusals.push(404);
      assert.deepEqual((await handleSweep(paged, anyAge)).failed, ["reconcile"]);
      plane.fail({ verb: "list", resource: "jobs" }, { cut: "midBody" }, 5);
      assert.deepEqual((await handleSweep(deps, anyAge)).failed, ["reconcile"]);
      assert.deepEqual(await jobNames(), before);
      assert.equal((await plane.row(lost))?.state, "starting");

      api.requests.length = 0;
      api.refusals.push(410);
      const result = await handleSweep(paged, anyAge);
      assert.deepEqual([result.failed, result.jobsDeleted, result.sessionsRepaired], [[], 5, 1]);
      assert.deepEqual(
        api.requests.filter((request) => request.startsWith("GET jobs")),
        ["GET jobs 0", "GET jobs 2", "GET jobs 0", "GET jobs 2", "GET jobs 4"],
      );
      assert.deepEqual(await jobNames(), []);
    } finally {
      await api.close();
    }
  });

  test("ends nobody's session because a list is empty: it looks for each again", async () => {
    const { session: ready } = await handleCreateSession(deps, call(wish()));
    const starting = await leave("template:deaf");
    const waiting = await put(`prepared_at = now(), state = 'queued'`);
    const rows = () => Promise.all([ready.id, starting, waiting].map(async (id) => (await plane.row(id))!.state));
    const empty = {
      ...deps.cluster,
      listJobs: () => Promise.resolve({ jobs: [], listedAt: new Date() }),
      listPods: () => Promise.resolve([]),
    };
    const noStart = { ...deps, cluster: empty };
    assert.deepEqual(await rows(), ["ready", "starting", "queued"]);
    const result = await handleSweep(noStart, anyAge);
    assert.deepEqual(result, { ...nothing, sessionsStarted: 1 });
    assert.deepEqual(await rows(), ["ready", "starting", "starting"]);
    assert.equal((await jobNames()).length, 3);
  });

  test("changes nothing where the rows must be another cluster's, and fails", async () => {
    await many(20, () => putJob(randomUUID()));
    const ended = await put(states.ended);
    const lost = await put(`state = 'starting', started_at = now()`, { job: false });
    const before = await jobNames();
    const { failed, jobsDeleted } = await handleSweep(deps, anyAge);
    assert.deepEqual([failed, jobsDeleted], [["reconcile"], 0]);
    await assert.rejects(sweepAndReport(deps), /the sweep failed in: reconcile/);
    assert.deepEqual(await jobNames(), before);
    assert.equal((await plane.row(lost))?.state, "starting");

    await deps.cluster.deleteJob(before.find((name) => name !== jobName(ended))!.slice("session-".length));
    assert.equal((await handleSweep(deps, anyAge)).jobsDeleted, 20);
  });

  test("does every step that can be done when one fails", async () => {
    const [overdue, abandoned] = [await put(states.overdue), await put(states.abandoned)];
    await put(states.longEnded, { job: false });
    await pool.query(`alter table token_jti rename to token_jti_away`);
    const result = await handleSweep(deps);
    await pool.query(`alter table token_jti_away rename to token_jti`);
    assert.deepEqual(result, {
      ...nothing,
      sessionsEnded: 1,
      sessionsRemoved: 1,
      sessionsForgotten: 1,
      failed: ["tokens"],
    });
    await Promise.all([requireGone(plane, overdue), requireGone(plane, abandoned)]);
  });

  test("finishes the backlog of a day without sweeps at once", async () => {
    const backlog = 600;
    const insert = `
      insert into sessions (id, owner_uid, request_id, request_digest, bundle_source, pod_secret, lifetime_seconds,
        idle_seconds, expires_at, state, started_at)
      select gen_random_uuid(), 'ada', gen_random_uuid(), 'digest', 'template:shell', 'secret', 60, 0,
        now() - interval '1 hour', 'starting', now() - interval '2 hours'
      from generate_series(1, $1)`;
    await pool.query(insert, [backlog]);
    assert.deepEqual(await handleSweep(deps), { ...nothing, sessionsEnded: backlog });
    assert.deepEqual(await partsOf(plane, randomUUID()), { jobs: 0, secrets: 0, pods: 0 });
  });
});

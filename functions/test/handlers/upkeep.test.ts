import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { insertToken } from "@cliscale/db";
import { startScheduler } from "@cliscale/local/scheduler";
import type { Dependency } from "@cliscale/protocol";
import { CloudSchedulerClient } from "@google-cloud/scheduler";
import { status } from "@grpc/grpc-js";
import { handleCreateSession } from "../../src/createSession.ts";
import type { Deps } from "../../src/deps.ts";
import { handleGetSession } from "../../src/getSession.ts";
import { grpcClientOptions } from "../../src/grpcEndpoint.ts";
import { handleHealth } from "../../src/health.ts";
import { createSchedule } from "../../src/schedule.ts";
import { handleSweep, sweepAndReport } from "../../src/sweepSessions.ts";
import { createKmsSigner } from "../../src/tokens/signer.ts";
import { call, eventually, nothing, openPool, requireGone, signingKey, startControlPlane, wish } from "./support.ts";

const plane = await startControlPlane();
after(() => plane.stop());

test("a sweep ends what is past its lifetime, with its Job, and removes expired tokens, and nothing else", async () => {
  const [overdue, live] = await Promise.all([1, 2].map(() => handleCreateSession(plane.deps, call(wish()))));
  await plane.pool.query(`update sessions set expires_at = now() - interval '1 second' where id = $1`, [
    overdue!.session.id,
  ]);
  const expired = randomUUID();
  await insertToken(plane.pool, {
    jti: expired,
    sessionId: live!.session.id,
    ownerUid: "ada",
    kid: "kid",
    lifetimeSeconds: -1,
  });
  assert.deepEqual(await handleSweep(plane.deps), { ...nothing, tokensDeleted: 1, sessionsEnded: 1 });

  const { session } = await handleGetSession(plane.deps, call({ sessionId: overdue!.session.id }));
  assert.deepEqual([session.state, session.endReason], ["ended", "deadline"]);
  await requireGone(plane, session.id);
  const kept = await handleGetSession(plane.deps, call({ sessionId: live!.session.id }));
  assert.equal(kept.session.state, "ready");
  const { rows } = await plane.pool.query<{ session_id: string }>(`select session_id from token_jti`);
  assert.deepEqual(rows.map((row) => row.session_id).toSorted(), [session.id, live!.session.id].toSorted());
  assert.deepEqual(await handleSweep(plane.deps), nothing);
});

test("a sweep ends rows while Kubernetes is down", async () => {
  const { session } = await handleCreateSession(plane.deps, call(wish()));
  await plane.pool.query(`update sessions set expires_at = now() where id = $1`, [session.id]);
  const cluster = plane.clusterAt("https://127.0.0.1:9");
  const result = await handleSweep({ ...plane.deps, cluster });
  assert.deepEqual([result.sessionsEnded, result.failed], [1, ["reconcile"]]);
  assert.equal((await plane.row(session.id))?.end_reason, "deadline");
  assert.equal((await handleSweep(plane.deps, { jobAgeSeconds: 0 })).jobsDeleted, 1);
  await requireGone(plane, session.id);
});

test("health is ok when all is well, and names exactly what fails", async () => {
  const folder = await mkdtemp(join(tmpdir(), "cliscale-scheduler-"));
  const location = { project: "demo-cliscale", location: "us-central1" };
  const sweep = "projects/demo-cliscale/locations/us-central1/jobs/firebase-schedule-sweepSessions-us-central1";
  let sweeping: Deps = plane.deps;
  const scheduler = await startScheduler({
    port: 0,
    stateDir: folder,
    functionsUrl: "http://127.0.0.1:9/demo-cliscale/us-central1",
    functions: [{ name: "sweepSessions", schedule: "0 0 1 1 *" }],
    send: () =>
      sweepAndReport(sweeping).then(
        () => status.OK,
        () => status.INTERNAL,
      ),
  });
  const endpoint = `http://127.0.0.1:${scheduler.port}`;
  const client = new CloudSchedulerClient(grpcClientOptions({ endpoint }));
  const closed = openPool(plane.databaseUrl);
  await closed.end();
  const deps: Deps = { ...plane.deps, schedule: createSchedule({ endpoint, ...location }) };
  const checks = async (changed: Partial<Deps> = {}) => {
    const health = await handleHealth({ ...deps, ...changed });
    const failed = Object.entries(health.checks).flatMap(([name, check]) => (check === "failed" ? [name] : []));
    assert.equal(health.status, failed.length === 0 ? "ok" : "failed");
    return failed as Dependency[];
  };
  try {
    // A sweep that has never run is none that has run lately.
    assert.deepEqual(await checks(), ["scheduler"]);
    await client.runJob({ name: sweep });
    await eventually(async () => assert.deepEqual(await checks(), []));

    assert.deepEqual(await checks({ pool: closed }), ["postgres"]);
    const signer = createKmsSigner({ key: `${signingKey}-none`, endpoint: plane.kmsUrl });
    assert.deepEqual(await checks({ signer }), ["kms"]);
    plane.fail({ verb: "list", resource: "pods" }, { hang: true });
    assert.deepEqual(await checks(), ["kubernetes"]);

    // A sweep of which a step fails is a sweep that failed.
    sweeping = { ...plane.deps, cluster: plane.clusterAt("https://127.0.0.1:9") };
    await client.runJob({ name: sweep });
    await eventually(async () => assert.deepEqual(await checks(), ["scheduler"]));
    sweeping = plane.deps;
    await client.runJob({ name: sweep });
    await eventually(async () => assert.deepEqual(await checks(), []));
    await client.pauseJob({ name: sweep });
    assert.deepEqual(await checks(), ["scheduler"]);
    assert.deepEqual(await checks({ pool: closed }), ["postgres", "scheduler"]);
  } finally {
    await client.close();
    await scheduler.stop();
    await rm(folder, { recursive: true });
  }
});

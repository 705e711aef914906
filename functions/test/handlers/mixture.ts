import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { insertToken, type SessionRow } from "@cliscale/db";
import { handleCreateSession } from "../../src/createSession.ts";
import {
  jobManifest,
  runnerNamespace as namespace,
  secretManifest,
  sessionLabel,
} from "../../src/kubernetes/jobManifest.ts";
import { call, type ControlPlane, eventually, insertRow, wish } from "./support.ts";
import { sessionRow } from "../support/sessionRow.ts";

/** One session of every kind that a sweep may meet, by what it is. */
export type Mixture = Record<
  "live" | "idle" | "overdue" | "abandoned" | "waiting" | "ended" | "jobless" | "rowless" | "longEnded",
  string
>;

/** Makes a mixture, and a token that has expired. */
export async function mix(plane: ControlPlane): Promise<Mixture> {
  const [live, idle] = await Promise.all([0, 10].map((idleSeconds) => startReady(plane, idleSeconds)));
  const rowless = randomUUID();
  await putJob(plane, sessionRow({ id: rowless }));
  const mixture = {
    live: live!,
    idle: idle!,
    overdue: await put(
      plane,
      `state = 'starting', started_at = now() - interval '2 hours', expires_at = now() - interval '1 hour'`,
    ),
    abandoned: await put(plane, `created_at = now() - interval '41 seconds'`),
    waiting: await put(plane, `prepared_at = now()`),
    ended: await put(plane, `state = 'ended', end_reason = 'stopped', ended_at = now()`),
    jobless: await put(plane, `state = 'starting', started_at = now()`, false),
    rowless,
    longEnded: await put(
      plane,
      `state = 'ended', end_reason = 'stopped', ended_at = now() - interval '91 days'`,
      false,
    ),
  };
  await plane.pool.query(
    `update sessions set created_at = d, ready_at = d, last_active_at = d, idle_check_at = d
     from (select now() - interval '1 minute') as old (d) where id = $1`,
    [idle],
  );
  await insertToken(plane.pool, {
    jti: randomUUID(),
    sessionId: live!,
    ownerUid: "ada",
    kid: "expired",
    lifetimeSeconds: -1,
  });
  return mixture;
}

/** Everything of a mixture has come to where it belongs, once the cluster's own clean-up is done, and the invariants hold. */
export async function requireSettled(plane: ControlPlane, mixture: Mixture): Promise<void> {
  const expected: Record<keyof Mixture, string | undefined> = {
    live: "ready",
    idle: "idle",
    overdue: "deadline",
    abandoned: undefined,
    waiting: "started",
    ended: "stopped",
    jobless: "lost",
    rowless: undefined,
    longEnded: undefined,
  };
  const found = Object.entries(mixture).map(async ([kind, id]) => [kind, told(kind, await plane.row(id))]);
  assert.deepEqual(Object.fromEntries(await Promise.all(found)), expected);
  const { rows } = await plane.pool.query(`select from token_jti where expires_at < now()`);
  assert.equal(rows.length, 0, "expired tokens are left");
  await requireInvariants(plane);
}

/** A session that waited is starting, or ready by now. */
function told(kind: string, row: SessionRow | undefined): string | undefined {
  if (kind === "waiting" && (row?.state === "starting" || row?.state === "ready")) return "started";
  return row?.end_reason ?? row?.state;
}

/** No Job without a live row and no live row without its Job; no Secret or pod without a Job. */
export async function requireInvariants(plane: ControlPlane): Promise<void> {
  await eventually(async () => {
    const [jobs, secrets, pods, live] = await Promise.all([
      plane.jobs.listNamespacedJob({ namespace }).then(({ items }) => sessionsOf(items)),
      plane.core.listNamespacedSecret({ namespace }).then(({ items }) => sessionsOf(items)),
      plane.core.listNamespacedPod({ namespace }).then(({ items }) => sessionsOf(items)),
      plane.pool.query<{ id: string }>(`select id from sessions where state <> 'ended'`),
    ]);
    assert.deepEqual(jobs, new Set(live.rows.map(({ id }) => id)), "Jobs and live rows");
    assert.deepEqual(secrets.difference(jobs), new Set(), "Secrets without a Job");
    assert.deepEqual(pods.difference(jobs), new Set(), "pods without a Job");
  });
}

function sessionsOf(items: { metadata?: { labels?: Record<string, string> } }[]): Set<string> {
  return new Set(items.map(({ metadata }) => metadata!.labels![sessionLabel]!));
}

async function startReady({ deps }: ControlPlane, idleSeconds: number): Promise<string> {
  const { session } = await handleCreateSession(deps, call(wish("template:listen", { idleSeconds })));
  assert.equal(session.state, "ready");
  return session.id;
}

async function put(plane: ControlPlane, assignments: string, withJob = true): Promise<string> {
  const row = await insertRow(plane, {});
  await plane.pool.query(`update sessions set ${assignments} where id = $1`, [row.id]);
  if (withJob) await putJob(plane, row);
  return row.id;
}

async function putJob({ deps }: ControlPlane, row: SessionRow): Promise<void> {
  const listening = { ...row, bundle_source: "template:listen" };
  const uid = await deps.cluster.createJob(jobManifest(listening, deps.settings));
  await deps.cluster.createSecret(secretManifest(listening, uid, {}, deps.settings.bundles));
}

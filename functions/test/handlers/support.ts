import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { insertSession, type SessionRow } from "@cliscale/db";
import { startKms } from "@cliscale/local/kms";
import { type Kubernetes, startKubernetes } from "@cliscale/local/kubernetes";
import { noLimits, startTestDatabase } from "@cliscale/local/testing";
import type { CreateSessionInput } from "@cliscale/protocol";
import { createLogger } from "@cliscale/service";
import { BatchV1Api, CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import type { Pool } from "pg";
import type { Deps } from "../../src/deps.ts";
import { type Cluster, createCluster } from "../../src/kubernetes/cluster.ts";
import { jobName, runnerNamespace, sessionLabel } from "../../src/kubernetes/jobManifest.ts";
import { users } from "../../../packages/local/src/kubernetes/api/authenticate.ts";
import type { SweepResult } from "../../src/sweepSessions.ts";
import { type Addresses, depsAt } from "./functionsSide.ts";
import { sessionRow } from "../support/sessionRow.ts";
import { podProgram } from "./podProgram.ts";

export { around, call, nowhere, openPool, signingKey } from "./functionsSide.ts";

/** What the functions depend on, the functions' side of it as `deps`, and an administrator's view of the cluster. */
export interface ControlPlane {
  deps: Deps;
  pool: Pool;
  databaseUrl: string;
  kms: Awaited<ReturnType<typeof startKms>>;
  kmsUrl: string;
  kubernetes: Kubernetes;
  jobs: BatchV1Api;
  core: CoreV1Api;
  /** Lets something go wrong with the next requests of the functions to Kubernetes. */
  fail: (match: { verb: string; resource?: string; name?: string }, fault: object, times?: number) => void;
  /** Forgets what of that has not happened yet. */
  clearFaults(): Promise<void>;
  /** A cluster client for an API at this address, with the functions' credentials. */
  clusterAt: (endpoint: string, callMilliseconds?: number) => Cluster;
  /** What a functions process needs to know to depend on the same. */
  addresses: Addresses;
  /** How many rows, Jobs, Secrets and pods there are. */
  count(): Promise<Record<"rows" | "jobs" | "secrets" | "pods", number>>;
  row(sessionId: string): Promise<SessionRow | undefined>;
  stop(): Promise<void>;
}

export async function startControlPlane(kmsClock?: () => Date): Promise<ControlPlane> {
  const folder = await mkdtemp(join(tmpdir(), "cliscale-handlers-"));
  const [database, kms, kubernetes] = await Promise.all([
    startTestDatabase(),
    startKms({ port: 0, stateDir: folder, now: kmsClock }),
    startKubernetes({
      port: 0,
      stateDirectory: folder,
      podRange: "127.81.0.0/16",
      logger: createLogger("kubernetes"),
      images: { "test-runner": podProgram },
      sandbox: false,
    }),
  ]);
  const tokenFile = join(folder, "functions-token");
  await writeFile(tokenFile, kubernetes.tokens.functions, { mode: 0o600 });
  const caFile = join(folder, "ca.crt");
  const kmsUrl = `http://127.0.0.1:${kms.port}`;
  const addresses = { databaseUrl: database.url, kmsUrl, kubernetesUrl: kubernetes.url, caFile, tokenFile };
  const deps = depsAt(addresses);
  const config = new KubeConfig();
  config.loadFromFile(kubernetes.kubeconfigPath);
  const jobs = config.makeApiClient(BatchV1Api);
  const core = config.makeApiClient(CoreV1Api);
  const namespace = runnerNamespace;
  return {
    deps,
    pool: deps.pool,
    databaseUrl: database.url,
    kms,
    kmsUrl,
    kubernetes,
    jobs,
    core,
    fail: (match, fault, times = 1) =>
      kubernetes.injectFault({ match: { ...match, user: users.functions.name }, fault, times }),
    async clearFaults() {
      const headers = { Authorization: `Bearer ${kubernetes.tokens.admin}` };
      const clearing = request(`${kubernetes.url}/faults`, { method: "DELETE", ca: kubernetes.ca, headers }).end();
      const [response] = (await once(clearing, "response")) as [IncomingMessage];
      response.resume();
      assert.equal(response.statusCode, 200);
    },
    clusterAt: (endpoint, callMilliseconds) =>
      createCluster({ endpoint, caFile, tokenFile, ...(callMilliseconds && { callMilliseconds }) }),
    addresses,
    async count() {
      const [rows, jobList, secrets, pods] = await Promise.all([
        deps.pool.query(`select from sessions`),
        jobs.listNamespacedJob({ namespace }),
        core.listNamespacedSecret({ namespace }),
        core.listNamespacedPod({ namespace }),
      ]);
      return {
        rows: rows.rowCount!,
        jobs: jobList.items.length,
        secrets: secrets.items.length,
        pods: pods.items.length,
      };
    },
    async row(sessionId) {
      const { rows } = await deps.pool.query<SessionRow>(`select * from sessions where id = $1`, [sessionId]);
      return rows[0];
    },
    async stop() {
      await deps.pool.end();
      await Promise.all([database.remove(), kms.stop(), kubernetes.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What to create; the source says how the pod behaves. */
export function wish(source = "template:listen", more: Partial<CreateSessionInput> = {}): CreateSessionInput {
  return { bundle: { source }, requestId: randomUUID(), ...more };
}

/** Inserts a row of a session that nothing else knows of, as it is when it has just been asked for, or changed by hand. */
export async function insertRow({ pool }: ControlPlane, values: Partial<SessionRow>): Promise<SessionRow> {
  const { state, started_at, ...row } = sessionRow({ id: randomUUID(), request_id: randomUUID(), ...values });
  const admission = await insertSession(pool, row, noLimits);
  assert.ok(admission.outcome === "inserted");
  await pool.query(`update sessions set state = $2, started_at = $3 where id = $1`, [row.id, state, started_at]);
  return { ...admission.session, state, started_at };
}

/** The session that a request has made. */
export async function idOf({ pool }: ControlPlane, { requestId }: CreateSessionInput): Promise<string> {
  const { rows } = await pool.query<{ id: string }>(`select id from sessions where request_id = $1`, [requestId]);
  assert.equal(rows.length, 1);
  return rows[0]!.id;
}

/** Tries a check again until it holds; the cluster's own clean-up takes a moment. Fails as the check does after 30 s. */
export async function eventually<T>(check: () => Promise<T>): Promise<T> {
  const end = Date.now() + 30_000;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await delay(50);
    }
  }
}

/** Lets a session look as if it had been created a minute earlier. */
export async function age({ pool }: ControlPlane, sessionId: string): Promise<void> {
  await pool.query(`update sessions set created_at = created_at - interval '1 minute' where id = $1`, [sessionId]);
}

/** Whether nothing of a session is left in the cluster. */
export function requireGone({ jobs, core }: ControlPlane, sessionId: string): Promise<void> {
  const namespace = runnerNamespace;
  return eventually(async () => {
    const [jobList, secrets, pods] = await Promise.all([
      jobs.listNamespacedJob({ namespace }),
      core.listNamespacedSecret({ namespace }),
      core.listNamespacedPod({ namespace }),
    ]);
    const names = [...jobList.items, ...secrets.items, ...pods.items].map(({ metadata }) => metadata!.name!);
    assert.deepEqual(
      names.filter((name) => name.startsWith(jobName(sessionId))),
      [],
    );
  });
}

/** What a sweep does where all is as it should be. */
export const nothing: SweepResult = {
  tokensDeleted: 0,
  sessionsEnded: 0,
  sessionsIdle: 0,
  gatewaysSilent: 0,
  sessionsRemoved: 0,
  sessionsStarted: 0,
  sessionsRepaired: 0,
  jobsDeleted: 0,
  startsTakenBack: 0,
  sessionsForgotten: 0,
  failed: [],
};

/** What a session that runs is made of. */
export const whole = { jobs: 1, secrets: 1, pods: 1 };

/** How many of each a session has in the cluster. */
export async function partsOf({ jobs, core }: ControlPlane, sessionId: string): Promise<typeof whole> {
  const namespace = runnerNamespace;
  const labelSelector = `${sessionLabel}=${sessionId}`;
  const [jobList, secrets, pods] = await Promise.all([
    jobs.listNamespacedJob({ namespace, labelSelector }),
    core.listNamespacedSecret({ namespace, labelSelector }),
    core.listNamespacedPod({ namespace, labelSelector }),
  ]);
  return { jobs: jobList.items.length, secrets: secrets.items.length, pods: pods.items.length };
}

/** The dependencies of a deployment with these limits. */
export function limited({ deps }: ControlPlane, limits: Partial<Deps["settings"]["limits"]>): Deps {
  return { ...deps, settings: { ...deps.settings, limits: { ...deps.settings.limits, ...limits } } };
}

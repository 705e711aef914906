import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createPool, type SessionRow } from "@cliscale/db";
import { startKms } from "@cliscale/local/kms";
import { type Kubernetes, startKubernetes } from "@cliscale/local/kubernetes";
import { startTestDatabase } from "@cliscale/local/testing";
import type { CreateSessionInput, StageEvent } from "@cliscale/protocol";
import { createLogger } from "@cliscale/service";
import { BatchV1Api, CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import type { Pool } from "pg";
import type { Deps } from "../../src/deps.ts";
import type { Call } from "../../src/http/callable.ts";
import { type Cluster, createCluster } from "../../src/kubernetes/cluster.ts";
import { jobName, runnerNamespace } from "../../src/kubernetes/jobManifest.ts";
import { createSchedule } from "../../src/schedule.ts";
import type { SessionSettings } from "../../src/settings.ts";
import { createKmsSigner } from "../../src/tokens/signer.ts";
import { users } from "../../../packages/local/src/kubernetes/api/authenticate.ts";
import { podProgram } from "./podProgram.ts";

// Google's clients would ask a metadata server who they are.
process.env["METADATA_SERVER_DETECTION"] = "none";
process.env["LOG_LEVEL"] ??= "silent";

export const signingKey = "projects/demo-cliscale/locations/us-central1/keyRings/cliscale/cryptoKeys/attach";
const settings: SessionSettings = {
  runnerImage: "test-runner:1",
  runtimeClass: "",
  gatewayUrl: "ws://127.0.0.1:8080",
  tokenIssuer: "https://cliscale.test",
  lifetimeDefaultSeconds: 3600,
  lifetimeMaxSeconds: 28_800,
  idleDefaultSeconds: 1800,
};

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
  /** A cluster client for an API at this address, with the functions' credentials. */
  clusterAt: (endpoint: string) => Cluster;
  /** How many rows, Jobs, Secrets and pods there are. */
  count(): Promise<Record<"rows" | "jobs" | "secrets" | "pods", number>>;
  row(sessionId: string): Promise<SessionRow | undefined>;
  stop(): Promise<void>;
}

/** An address at which nothing listens. */
export const nowhere = "http://127.0.0.1:9";

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
  const clusterAt = (endpoint: string) => createCluster({ endpoint, caFile: join(folder, "ca.crt"), tokenFile });
  const kmsUrl = `http://127.0.0.1:${kms.port}`;
  const pool = openPool(database.url);
  const config = new KubeConfig();
  config.loadFromFile(kubernetes.kubeconfigPath);
  const jobs = config.makeApiClient(BatchV1Api);
  const core = config.makeApiClient(CoreV1Api);
  const namespace = runnerNamespace;
  return {
    deps: {
      pool,
      cluster: clusterAt(kubernetes.url),
      signer: createKmsSigner({ key: signingKey, endpoint: kmsUrl }),
      schedule: createSchedule({ endpoint: nowhere, project: "demo-cliscale", location: "us-central1" }),
      settings,
    },
    pool,
    databaseUrl: database.url,
    kms,
    kmsUrl,
    kubernetes,
    jobs,
    core,
    fail: (match, fault, times = 1) =>
      kubernetes.injectFault({ match: { ...match, user: users.functions.name }, fault, times }),
    clusterAt,
    async count() {
      const [rows, jobList, secrets, pods] = await Promise.all([
        pool.query(`select from sessions`),
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
      const { rows } = await pool.query<SessionRow>(`select * from sessions where id = $1`, [sessionId]);
      return rows[0];
    },
    async stop() {
      await pool.end();
      await Promise.all([database.remove(), kms.stop(), kubernetes.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function openPool(connectionString: string): Pool {
  return createPool({ connectionString, applicationName: "test", max: 10, onError: () => undefined });
}

export interface TestCall<Input> extends Call<Input> {
  chunks: StageEvent[];
  /** Makes the caller go away. */
  leave(): void;
}

/** A call that has passed the door. */
export function call<Input>(input: Input, { uid = "ada", streaming = false } = {}): TestCall<Input> {
  const chunks: StageEvent[] = [];
  const caller = new AbortController();
  return {
    uid,
    input,
    streaming,
    chunks,
    sendChunk: (chunk) => {
      chunks.push(chunk as StageEvent);
      return Promise.resolve(true);
    },
    signal: caller.signal,
    leave: () => caller.abort(),
  };
}

/** What to create; the source says how the pod behaves. */
export function wish(source = "template:listen", more: Partial<CreateSessionInput> = {}): CreateSessionInput {
  return { bundle: { source }, requestId: randomUUID(), ...more };
}

/** The session that a request has made. */
export async function idOf({ pool }: ControlPlane, { requestId }: CreateSessionInput): Promise<string> {
  const { rows } = await pool.query<{ id: string }>(`select id from sessions where request_id = $1`, [requestId]);
  assert.equal(rows.length, 1);
  return rows[0]!.id;
}

/** A cluster that has something done before each of its steps, and after it. */
export function around(cluster: Cluster, hook: (moment: string) => Promise<void>): Cluster {
  const wrapped = Object.entries(cluster).map(([step, run]: [string, (...args: unknown[]) => Promise<unknown>]) => [
    step,
    async (...args: unknown[]) => {
      await hook(`before ${step}`);
      const result = await run(...args);
      await hook(`after ${step}`);
      return result;
    },
  ]);
  return Object.fromEntries(wrapped) as Cluster;
}

/** Tries a check again until it holds; the cluster's own clean-up takes a moment. Fails as the check does after 10 s. */
export async function eventually<T>(check: () => Promise<T>): Promise<T> {
  const end = Date.now() + 10_000;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await delay(50);
    }
  }
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

import { createPool } from "@cliscale/db";
import type { StageEvent } from "@cliscale/protocol";
import type { Pool } from "pg";
import { defaultBundleSettings } from "../../src/bundleSettings.ts";
import type { Deps } from "../../src/deps.ts";
import type { Limits } from "../../src/accessSettings.ts";
import type { Call, UserClaims } from "../../src/http/callable.ts";
import { createCluster } from "../../src/kubernetes/cluster.ts";
import { createSchedule } from "../../src/schedule.ts";
import type { SessionSettings } from "../../src/settings.ts";
import { createKmsSigner } from "../../src/tokens/signer.ts";
import { podTemplates } from "./podProgram.ts";

// Google's clients would ask a metadata server who they are.
process.env["METADATA_SERVER_DETECTION"] = "none";
process.env["LOG_LEVEL"] ??= "silent";

export const signingKey = "projects/demo-cliscale/locations/us-central1/keyRings/cliscale/cryptoKeys/attach";
/** More than any test asks for that is not about limits. */
const noLimits: Limits = {
  sessionsPerUser: 10_000,
  sessionsTotal: 10_000,
  queueTotal: 10_000,
  createsPerMinute: 10_000,
};
const settings: SessionSettings = {
  runnerImage: "test-runner:1",
  runtimeClass: "",
  gatewayUrl: "ws://127.0.0.1:8080",
  tokenIssuer: "https://cliscale.test",
  lifetimeDefaultSeconds: 3600,
  lifetimeMaxSeconds: 28_800,
  idleDefaultSeconds: 1800,
  limits: noLimits,
  allowedUsers: ["*"],
  idleOutputMaxSeconds: 14_400,
  retentionDays: 90,
  bundles: { ...defaultBundleSettings, templates: podTemplates },
};

/** Where the parts of a control plane are, and what else is to be known of it. */
export interface Addresses {
  databaseUrl: string;
  kmsUrl: string;
  kubernetesUrl: string;
  caFile: string;
  tokenFile: string;
  /** Where they differ from those without bound. */
  limits?: Partial<Limits>;
}

/** An address at which nothing listens. */
export const nowhere = "http://127.0.0.1:9";

/** The functions' side of a control plane at these addresses. */
export function depsAt({ databaseUrl, kmsUrl, kubernetesUrl, caFile, tokenFile, limits }: Addresses): Deps {
  return {
    pool: openPool(databaseUrl),
    cluster: createCluster({ endpoint: kubernetesUrl, caFile, tokenFile }),
    signer: createKmsSigner({ key: signingKey, endpoint: kmsUrl }),
    schedule: createSchedule({ endpoint: nowhere, project: "demo-cliscale", location: "us-central1" }),
    settings: { ...settings, limits: { ...noLimits, ...limits } },
  };
}

/** A pool of a process that has to do the work of many others as well, and may take its time to connect. */
export function openPool(connectionString: string): Pool {
  const pool = createPool({ connectionString, applicationName: "test", max: 10, onError: () => undefined });
  pool.options.connectionTimeoutMillis = 30_000;
  return pool;
}

export interface TestCall<Input> extends Call<Input> {
  chunks: StageEvent[];
  /** Makes the caller go away. */
  leave(): void;
}

export interface CallOptions {
  uid?: string;
  streaming?: boolean;
  claims?: UserClaims;
}

/** A call that has passed the door. */
export function call<Input>(
  input: Input,
  { uid = "ada", streaming = false, claims = {} }: CallOptions = {},
): TestCall<Input> {
  const chunks: StageEvent[] = [];
  const caller = new AbortController();
  return {
    uid,
    claims,
    input,
    streaming,
    chunks,
    sendChunk: (chunk) => {
      chunks.push(chunk);
      return Promise.resolve(true);
    },
    signal: caller.signal,
    leave: () => caller.abort(),
  };
}

/** A client that has something done before each of its steps, and after it. */
export function around<Client extends object>(client: Client, hook: (moment: string) => Promise<void>): Client {
  const wrapped = Object.entries(client).map(([step, run]: [string, (...args: unknown[]) => Promise<unknown>]) => [
    step,
    async (...args: unknown[]) => {
      await hook(`before ${step}`);
      const result = await run(...args);
      await hook(`after ${step}`);
      return result;
    },
  ]);
  return Object.fromEntries(wrapped) as Client;
}

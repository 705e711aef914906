import {
  BatchV1Api,
  CoreV1Api,
  createConfiguration,
  KubeConfig,
  PatchStrategy,
  ServerConfiguration,
  setHeaderOptions,
  type V1Job,
  type V1Pod,
  type V1Secret,
} from "@kubernetes/client-node";
import type { AuthClient } from "google-auth-library";
import { dependingOn } from "../http/errors.ts";
import { hasCode, isAlreadyExists } from "./apiStatus.ts";
import { followPods } from "./followPods.ts";
import { jobName, runnerNamespace, runnerSelector, sessionLabel, withdrawnAnnotation } from "./jobManifest.ts";
import { googleAuthenticator, googleProvider } from "./googleAuthenticator.ts";
import { listAll } from "./listAll.ts";
import { retryingLibrary } from "./retries.ts";

/** What the functions do in the cluster, and no more: their Role grants just this. All of it may throw a DependencyError. */
export interface Cluster {
  /** Creates a Job and returns its uid; that it exists already is fine, its name tells whose it is, and it is no longer withdrawn. */
  createJob(job: V1Job): Promise<string>;
  /** Creates a Secret; that it exists already is fine, for the same reason. */
  createSecret(secret: V1Secret): Promise<void>;
  /** Lets a suspended Job create its pod; false when there is no such Job. */
  resumeJob(sessionId: string): Promise<boolean>;
  /** Deletes a session's Job with its pod and Secret; that it is gone already is fine. */
  deleteJob(sessionId: string): Promise<void>;
  /** Marks a Job as that of a start that failed and could not be taken back, or removes the mark; that it is gone is fine. */
  markWithdrawn(sessionId: string, isWithdrawn: boolean): Promise<void>;
  findJob(sessionId: string): Promise<V1Job | undefined>;
  /** All Jobs of sessions, or an error: never a part of them. */
  listJobs(): Promise<JobList>;
  /** All pods of sessions, or an error. */
  listPods(): Promise<V1Pod[]>;
  /** The session's pod, if the cluster tells within 2 s. */
  glanceAtPod(sessionId: string): Promise<V1Pod | undefined>;
  /** Resolves when the API answers. */
  ping(): Promise<void>;
  /**
   * Calls back with a session's pod as it is now and at each change, undefined when there is none, until told that it is enough, or
   * the signal is aborted.
   */
  followPod(
    sessionId: string,
    signal: AbortSignal,
    onChange: (pod: V1Pod | undefined) => Promise<boolean>,
  ): Promise<void>;
  /** Calls back with the pods of all sessions as they are now, and with those that change, until the signal is aborted. */
  followPods(signal: AbortSignal, onChange: (pods: V1Pod[]) => Promise<void>): Promise<void>;
}

export interface JobList {
  jobs: V1Job[];
  /** When the API began to list them, by the clock that also says when they were created. */
  listedAt: Date;
}

export interface ClusterOptions {
  endpoint: string;
  /** Empty where a public authority signed the API's certificate, as that of GKE's DNS endpoint. */
  caFile: string;
  /** Empty where Google names the caller. */
  tokenFile: string;
  /** Somebody else than whom Google's library finds in the surroundings. */
  authClient?: AuthClient;
  /** How long a call may take, with its retries. */
  callMilliseconds?: number;
}

const defaultCallMilliseconds = 10_000;
const glanceMilliseconds = 2_000;

export function createCluster({ callMilliseconds = defaultCallMilliseconds, ...options }: ClusterOptions): Cluster {
  const config = kubeConfig(options);
  const configure = (milliseconds: number) =>
    createConfiguration({
      baseServer: new ServerConfiguration(options.endpoint, {}),
      authMethods: { default: config },
      httpApi: retryingLibrary(milliseconds),
    });
  const batch = new BatchV1Api(configure(callMilliseconds));
  const core = new CoreV1Api(configure(callMilliseconds));
  const glancing = new CoreV1Api(configure(glanceMilliseconds));
  const namespace = runnerNamespace;

  const patch = (name: string, body: object) =>
    batch.patchNamespacedJob({ namespace, name, body }, setHeaderOptions("Content-Type", PatchStrategy.MergePatch));
  const annotate = (name: string, annotations: Record<string, string | null>) =>
    patch(name, { metadata: { annotations } });

  return {
    async createJob(job) {
      const created = await unless(isAlreadyExists, () => batch.createNamespacedJob({ namespace, body: job }));
      if (created) return created.metadata!.uid!;
      const name = job.metadata!.name!;
      const { metadata } = await ask(() => batch.readNamespacedJob({ namespace, name }));
      if (metadata!.annotations?.[withdrawnAnnotation])
        await ask(() => annotate(name, { [withdrawnAnnotation]: null }));
      return metadata!.uid!;
    },

    async createSecret(secret) {
      await unless(isAlreadyExists, () => core.createNamespacedSecret({ namespace, body: secret }));
    },

    async resumeJob(sessionId) {
      const resumed = await unless(isNotFound, () => patch(jobName(sessionId), { spec: { suspend: false } }));
      return resumed !== undefined;
    },

    async deleteJob(sessionId) {
      // Without a policy the API deletes the Job alone and leaves its pod running.
      await unless(isNotFound, () =>
        batch.deleteNamespacedJob({ namespace, name: jobName(sessionId), propagationPolicy: "Background" }),
      );
    },

    async markWithdrawn(sessionId, isWithdrawn) {
      const mark = { [withdrawnAnnotation]: isWithdrawn ? "true" : null };
      await unless(isNotFound, () => annotate(jobName(sessionId), mark));
    },

    findJob(sessionId) {
      return unless(isNotFound, () => batch.readNamespacedJob({ namespace, name: jobName(sessionId) }));
    },

    async listJobs() {
      let listedAt: Date | undefined;
      const jobs = await ask(() =>
        listAll(async (page) => {
          const { data, headers } = await batch.listNamespacedJobWithHttpInfo({
            namespace,
            labelSelector: runnerSelector,
            ...page,
          });
          listedAt ??= new Date(Date.parse(headers["date"] ?? "") || Date.now());
          return data;
        }),
      );
      return { jobs, listedAt: listedAt! };
    },

    listPods() {
      return ask(() =>
        listAll((page) => core.listNamespacedPod({ namespace, labelSelector: runnerSelector, ...page })),
      );
    },

    async glanceAtPod(sessionId) {
      const labelSelector = selectorOf(sessionId);
      return (await ask(() => glancing.listNamespacedPod({ namespace, labelSelector }))).items[0];
    },

    async ping() {
      await ask(() => glancing.listNamespacedPod({ namespace, limit: 1 }));
    },

    followPod(sessionId, signal, onChange) {
      const labelSelector = selectorOf(sessionId);
      return followPods({
        config,
        core,
        labelSelector,
        signal,
        onChange: ({ kind, pods }) => onChange(kind === "deleted" ? undefined : pods[0]),
      });
    },

    followPods(signal, onChange) {
      return followPods({
        config,
        core,
        labelSelector: runnerSelector,
        signal,
        onChange: async ({ pods }) => {
          await onChange(pods);
          return false;
        },
      });
    },
  };
}

function selectorOf(sessionId: string): string {
  return `${sessionLabel}=${sessionId}`;
}

/** The API of this cluster, as the user that is named by a token in a file, or else by Google. */
export function kubeConfig({ endpoint, caFile, tokenFile, authClient }: ClusterOptions): KubeConfig {
  const config = new KubeConfig();
  config.addAuthenticator(googleAuthenticator(authClient));
  const authProvider = tokenFile ? { name: "tokenFile", config: { tokenFile } } : { name: googleProvider };
  config.loadFromOptions({
    clusters: [{ name: "cluster", server: endpoint, ...(caFile && { caFile }) }],
    users: [{ name: "functions", authProvider }],
    contexts: [{ name: "context", cluster: "cluster", user: "functions" }],
    currentContext: "context",
  });
  return config;
}

/** The answer of a call; what goes wrong is the cluster's doing. */
function ask<T>(call: () => Promise<T>): Promise<T> {
  return dependingOn("kubernetes", call);
}

/** The answer of a call, or undefined when it fails like this. */
function unless<T>(isExpected: (error: unknown) => boolean, call: () => Promise<T>): Promise<T | undefined> {
  return ask(async () => {
    try {
      return await call();
    } catch (error) {
      if (isExpected(error)) return undefined;
      throw error;
    }
  });
}

function isNotFound(error: unknown): boolean {
  return hasCode(error, 404);
}

import { setTimeout as delay } from "node:timers/promises";
import {
  ApiException,
  BatchV1Api,
  CoreV1Api,
  createConfiguration,
  KubeConfig,
  type Middleware,
  PatchStrategy,
  type RequestContext,
  ServerConfiguration,
  setHeaderOptions,
  type V1Job,
  type V1Pod,
  type V1Secret,
  Watch,
} from "@kubernetes/client-node";
import { DependencyError, dependingOn } from "../http/errors.ts";
import { jobName, runnerNamespace, sessionLabel } from "./jobManifest.ts";

/** What the functions do in the cluster, and no more: their Role grants just this. All of it may throw a DependencyError. */
export interface Cluster {
  /** Creates a Job and returns its uid; that it exists already is fine, its name tells whose it is. */
  createJob(job: V1Job): Promise<string>;
  /** Creates a Secret; that it exists already is fine. */
  createSecret(secret: V1Secret): Promise<void>;
  /** Lets a suspended Job create its pod; false when there is no such Job. */
  resumeJob(sessionId: string): Promise<boolean>;
  /** Deletes a session's Job with its pod and Secret; that it is gone already is fine. */
  deleteJob(sessionId: string): Promise<void>;
  findJob(sessionId: string): Promise<V1Job | undefined>;
  /** The session's pod, if the cluster tells within 2 s. */
  glanceAtPod(sessionId: string): Promise<V1Pod | undefined>;
  /** Resolves when the API answers. */
  ping(): Promise<void>;
  /** Calls back with a session's pod as it is now and at each change, until told that it is enough, or the signal is aborted. */
  followPod(sessionId: string, signal: AbortSignal, onChange: PodListener): Promise<void>;
}

/** Told of a pod, or of its absence; resolves to true when it has seen enough. */
export type PodListener = (pod: V1Pod | undefined) => Promise<boolean>;

interface ClusterOptions {
  endpoint: string;
  caFile: string;
  tokenFile: string;
}

const callMilliseconds = 10_000;
const glanceMilliseconds = 2_000;
/** Shorter than the 30 s of silence after which the client's Watch gives up. */
const watchSeconds = 25;
/** Between a watch that ended and the next list, so that an API that cuts every watch is not flooded. */
const relistMilliseconds = 250;
/** Failures in a row that following a pod survives, since API servers restart and shed load; the pause doubles each time. */
const toleratedFailures = 3;

export function createCluster(options: ClusterOptions): Cluster {
  const config = kubeConfig(options);
  const configure = (milliseconds: number) =>
    createConfiguration({
      baseServer: new ServerConfiguration(options.endpoint, {}),
      authMethods: { default: config },
      promiseMiddleware: [withDeadline(milliseconds)],
    });
  const batch = new BatchV1Api(configure(callMilliseconds));
  const core = new CoreV1Api(configure(callMilliseconds));
  const glancing = new CoreV1Api(configure(glanceMilliseconds));
  const namespace = runnerNamespace;

  return {
    async createJob(job) {
      const created = await unless(409, () => batch.createNamespacedJob({ namespace, body: job }));
      const found = created ?? (await ask(() => batch.readNamespacedJob({ namespace, name: job.metadata!.name! })));
      return found.metadata!.uid!;
    },

    async createSecret(secret) {
      await unless(409, () => core.createNamespacedSecret({ namespace, body: secret }));
    },

    async resumeJob(sessionId) {
      const resumed = await unless(404, () =>
        batch.patchNamespacedJob(
          { namespace, name: jobName(sessionId), body: { spec: { suspend: false } } },
          setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
        ),
      );
      return resumed !== undefined;
    },

    async deleteJob(sessionId) {
      // Without a policy the API deletes the Job alone and leaves its pod running.
      await unless(404, () =>
        batch.deleteNamespacedJob({ namespace, name: jobName(sessionId), propagationPolicy: "Background" }),
      );
    },

    findJob(sessionId) {
      return unless(404, () => batch.readNamespacedJob({ namespace, name: jobName(sessionId) }));
    },

    async glanceAtPod(sessionId) {
      const labelSelector = selectorOf(sessionId);
      return (await ask(() => glancing.listNamespacedPod({ namespace, labelSelector }))).items[0];
    },

    async ping() {
      await ask(() => glancing.listNamespacedPod({ namespace, limit: 1 }));
    },

    async followPod(sessionId, signal, onChange) {
      const labelSelector = selectorOf(sessionId);
      let failures = 0;
      while (!signal.aborted) {
        try {
          const pods = await ask(() => core.listNamespacedPod({ namespace, labelSelector }));
          failures = 0;
          if (await onChange(pods.items[0])) return;
          const resourceVersion = pods.metadata?.resourceVersion ?? "";
          if (await watchPod(config, { sessionId, resourceVersion, signal, onChange })) return;
        } catch (error) {
          if (!isKubernetesFailure(error) || failures === toleratedFailures) throw error;
          failures += 1;
        }
        await delay(relistMilliseconds * 2 ** failures);
      }
    },
  };
}

function selectorOf(sessionId: string): string {
  return `${sessionLabel}=${sessionId}`;
}

interface WatchOptions {
  sessionId: string;
  resourceVersion: string;
  signal: AbortSignal;
  onChange: PodListener;
}

/** Watches once, until the API ends the watch; resolves to whether the listener has seen enough. */
async function watchPod(
  config: KubeConfig,
  { sessionId, resourceVersion, signal, onChange }: WatchOptions,
): Promise<boolean> {
  if (signal.aborted) return false;
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const abort = () => resolve(false);
  signal.addEventListener("abort", abort);
  // Changes are handled one after the other, however fast they arrive.
  let handled = Promise.resolve(false);
  const watching = new Watch(config).watch(
    `/api/v1/namespaces/${runnerNamespace}/pods`,
    { labelSelector: selectorOf(sessionId), resourceVersion, timeoutSeconds: watchSeconds },
    (type: string, object: V1Pod) => {
      if (type === "ERROR" || type === "BOOKMARK") return;
      handled = handled.then(async (enough) => enough || (await onChange(type === "DELETED" ? undefined : object)));
      handled.then((enough) => enough && resolve(true), reject);
    },
    // The API ends watches as it likes, and so does the network: the caller lists again, and that tells what is wrong.
    () => void handled.then(resolve, reject),
  );
  // Not awaited before the signal is heeded: an API that does not begin to answer holds this up for as long as 30 s.
  watching.catch(reject);
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", abort);
    watching.then(
      (controller) => controller.abort(),
      () => undefined,
    );
  }
}

function kubeConfig({ endpoint, caFile, tokenFile }: ClusterOptions): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: "cluster", server: endpoint, ...(caFile && { caFile }) }],
    users: [{ name: "functions", ...(tokenFile && { authProvider: { name: "tokenFile", config: { tokenFile } } }) }],
    contexts: [{ name: "context", cluster: "cluster", user: "functions" }],
    currentContext: "context",
  });
  return config;
}

function withDeadline(milliseconds: number): Middleware {
  return {
    pre: (context: RequestContext) => {
      context.setSignal(AbortSignal.timeout(milliseconds));
      return Promise.resolve(context);
    },
    post: (response) => Promise.resolve(response),
  };
}

function isKubernetesFailure(error: unknown): boolean {
  return error instanceof DependencyError && error.dependency === "kubernetes";
}

/** The answer of a call; what goes wrong is the cluster's doing. */
function ask<T>(call: () => Promise<T>): Promise<T> {
  return dependingOn("kubernetes", call);
}

/** The answer of a call, or undefined when the API answers with this code. */
function unless<T>(code: number, call: () => Promise<T>): Promise<T | undefined> {
  return ask(async () => {
    try {
      return await call();
    } catch (error) {
      if (error instanceof ApiException && error.code === code) return undefined;
      throw error;
    }
  });
}

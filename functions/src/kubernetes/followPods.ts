import { setTimeout as delay } from "node:timers/promises";
import {
  ApiException,
  type CoreV1Api,
  HttpMethod,
  IsomorphicFetchHttpLibrary,
  type KubeConfig,
  RequestContext,
  type V1Pod,
} from "@kubernetes/client-node";
import { dependingOn } from "../http/errors.ts";
import { isKubernetesFailure, isRefusal } from "./apiStatus.ts";
import { runnerNamespace as namespace } from "./jobManifest.ts";
import { reportRefusal } from "./retries.ts";

/** What has become of pods: all that there are, or one that has changed or is deleted. */
export interface PodNews {
  kind: "listed" | "changed" | "deleted";
  pods: V1Pod[];
}

/** Told of pods as they are now; resolves to true when it has seen enough. */
export type PodListener = (news: PodNews) => Promise<boolean>;

interface Following {
  config: KubeConfig;
  core: CoreV1Api;
  labelSelector: string;
  signal: AbortSignal;
  onChange: PodListener;
}

/** Time for a watch to begin, which costs the API nothing: where it does not, listing again tells more than waiting. */
const beginMilliseconds = 2_000;
/** What the API is asked to end a watch after, and how much longer a watch may last that the API does not end. */
const watchSeconds = 25;
const watchGraceSeconds = 5;
/** Between a watch that ended and the next list, so that an API that cuts every watch is not flooded. */
const relistMilliseconds = 250;
/** Failures in a row that following pods survives, since API servers restart and shed load; the pause doubles each time. */
const toleratedFailures = 3;

/**
 * Calls back with pods as they are now and at each change, until told that it is enough, or the signal is aborted.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
export async function followPods({ core, labelSelector, signal, onChange, ...rest }: Following): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      const pods = await dependingOn("kubernetes", () => core.listNamespacedPod({ namespace, labelSelector }));
      failures = 0;
      if (await onChange({ kind: "listed", pods: pods.items })) return;
      const resourceVersion = pods.metadata?.resourceVersion ?? "";
      for await (const news of watchedPods({ ...rest, labelSelector, resourceVersion, signal })) {
        if (await onChange(news)) return;
      }
    } catch (error) {
      if (!isKubernetesFailure(error) || isRefusal(error) || failures === toleratedFailures) throw error;
      failures += 1;
    }
    await delay(relistMilliseconds * 2 ** failures, undefined, { signal }).catch(() => undefined);
  }
}

interface WatchOptions extends Pick<Following, "config" | "labelSelector" | "signal"> {
  resourceVersion: string;
}

/**
 * The changes of pods, until the watch ends. The API ends watches as it likes, and so does the network:
 * what is wrong then, the next list tells. A refusal is an error, since lists may be allowed where watches are not.
 */
async function* watchedPods(options: WatchOptions): AsyncGenerator<PodNews> {
  const ending = new AbortController();
  const signal = AbortSignal.any([
    options.signal,
    ending.signal,
    AbortSignal.timeout((watchSeconds + watchGraceSeconds) * 1000),
  ]);
  const begins = setTimeout(() => ending.abort(), beginMilliseconds);
  try {
    const stream = await openWatch(options, signal);
    clearTimeout(begins);
    for await (const { type, object } of eventsOf(stream)) {
      if (type === "ERROR") return;
      if (type !== "BOOKMARK") yield { kind: type === "DELETED" ? "deleted" : "changed", pods: [object] };
    }
  } catch (error) {
    if (isKubernetesFailure(error)) throw error;
  } finally {
    clearTimeout(begins);
    ending.abort();
  }
}

async function openWatch(
  { config, labelSelector, resourceVersion }: WatchOptions,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const url = new URL(`/api/v1/namespaces/${namespace}/pods`, config.getCurrentCluster()!.server);
  const query = { watch: "true", labelSelector, resourceVersion, timeoutSeconds: String(watchSeconds) };
  url.search = new URLSearchParams(query).toString();
  const request = new RequestContext(url.href, HttpMethod.GET);
  await config.applySecurityAuthentication(request);
  request.setSignal(signal);
  const response = await new IsomorphicFetchHttpLibrary().send(request).toPromise();
  const { httpStatusCode: code, headers, body } = response;
  if (code === 200) return body.stream()!;
  if (code === 401 || code === 403) await reportRefusal(response, request);
  return dependingOn("kubernetes", () => Promise.reject(new ApiException(code, "no watch", undefined, headers)));
}

interface WatchEvent {
  type: string;
  object: V1Pod;
}

/** One JSON object a line. */
async function* eventsOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<WatchEvent> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield JSON.parse(line) as WatchEvent;
  }
}

import type { Logger } from "@cliscale/service";
import { type Job, jobs, isFinishedJob } from "../resources/job.ts";
import { controllerOf, hasCondition } from "../resources/objects.ts";
import { isFinishedPod, type Pod, pods } from "../resources/pod.ts";
import { deleteObject } from "../store/deletion.ts";
import type { Change, Store } from "../store/store.ts";
import { createEventRecorder, type EventRecorder } from "./eventRecorder.ts";
import * as statuses from "./jobStatus.ts";
import { createPodOf } from "./podControl.ts";
import { createWorkQueue, type WorkQueue } from "./workQueue.ts";

interface Context {
  store: Store;
  queue: WorkQueue;
  events: EventRecorder;
  /** The pod that was last made for a Job since it was resumed, by their uids: a pod that vanished has failed. */
  podOf: Map<string, string>;
  /** When the next pod is made after one that failed, by the Job's uid, in milliseconds of the clock. */
  retryAt: Map<string, number>;
}

/** How long the first retry waits, in milliseconds; each further one waits twice as long. */
const retryMilliseconds = 10_000;
const longestRetryMilliseconds = 6 * 60_000;

/**
 * Runs Jobs, one pod at a time: makes the pod, another when it has failed and may be tried again, and ends the Job when one
 * has succeeded, all tries are used up, or the deadline has passed.
 * https://kubernetes.io/docs/concepts/workloads/controllers/job/
 */
export function startJobController(store: Store, logger: Logger): () => void {
  const queue = createWorkQueue("job controller", logger, (key) => {
    const [namespace, name] = key.split("/") as [string, string];
    const job = store.get(jobs, namespace, name);
    if (job) syncJob(context, key, job);
  });
  const events = createEventRecorder(store, "job-controller");
  const context: Context = { store, queue, events, podOf: new Map(), retryAt: new Map() };

  const onChange = ({ type, collection, object }: Change) => {
    const { namespace, name, uid } = object.metadata;
    if (collection.id === jobs.id) {
      queue.add(`${namespace}/${name}`);
      if (type === "DELETED") forget(context, uid);
    }
    const owner = collection.id === pods.id ? controllerOf(object) : undefined;
    if (owner?.kind === jobs.kind) queue.add(`${namespace}/${owner.name}`);
  };

  const unsubscribe = store.subscribe(onChange);
  return () => {
    unsubscribe();
    queue.close();
  };
}

function forget({ podOf: made, retryAt }: Context, jobUid: string): void {
  made.delete(jobUid);
  retryAt.delete(jobUid);
}

/** Brings one Job a step nearer to what its spec asks for. */
function syncJob(context: Context, key: string, job: Job): void {
  if (job.metadata.deletionTimestamp) return;
  if (isFinishedJob(job)) return removeAfterTtl(context, key, job);
  const pod = podOf(context, job);
  if (hasCondition(job.status.conditions, "FailureTarget")) return finishFailing(context, job, pod);
  if (job.spec.suspend) return suspend(context, job, pod);
  if (!job.status.startTime) return start(context, job);
  if (pod?.status.phase === "Succeeded") return complete(context, job);
  if (isOutOfTries(context, job, pod)) return beginFailing(context, job, pod, statuses.backoffLimitExceeded);
  if (isPastDeadline(context, key, job)) return beginFailing(context, job, pod, statuses.deadlineExceeded);
  if (hasFailed(context, job, pod)) return retry(context, job);
  if (!pod) return createPod(context, key, job);
  putStatus(context, job, statuses.running(job.status, pod));
}

function podOf({ store, podOf: made }: Context, job: Job): Pod | undefined {
  const uid = made.get(job.metadata.uid);
  return store.list(pods, job.metadata.namespace).find((pod) => pod.metadata.uid === uid);
}

/** A pod that is being deleted counts as failed, and so does one that is gone. */
function hasFailed({ podOf: made }: Context, job: Job, pod: Pod | undefined): boolean {
  if (!pod) return made.has(job.metadata.uid);
  return pod.status.phase === "Failed" || pod.metadata.deletionTimestamp !== undefined;
}

function isPastDeadline({ queue }: Context, key: string, job: Job): boolean {
  const { activeDeadlineSeconds } = job.spec;
  if (activeDeadlineSeconds === undefined) return false;
  const left = Date.parse(job.status.startTime!) + activeDeadlineSeconds * 1000 - Date.now();
  if (left > 0) queue.addAfter(key, left);
  return left <= 0;
}

function start(context: Context, job: Job): void {
  const { store, events } = context;
  const wasSuspended = hasCondition(job.status.conditions, "Suspended");
  forget(context, job.metadata.uid);
  if (wasSuspended) events.record(job, "Normal", "Resumed", "Job resumed");
  store.put(jobs, { ...job, status: statuses.started(job.status) });
}

function createPod(context: Context, key: string, job: Job): void {
  const wait = (context.retryAt.get(job.metadata.uid) ?? 0) - Date.now();
  if (wait > 0) return context.queue.addAfter(key, wait);
  const made = createPodOf({ ...context, key }, job, job.spec.template);
  if ("pod" in made) context.podOf.set(job.metadata.uid, made.pod.metadata.uid);
}

/** A container that is restarted in its pod uses tries up as pods do that fail. */
function isOutOfTries(context: Context, job: Job, pod: Pod | undefined): boolean {
  const restarts = pod?.status.containerStatuses?.[0]?.restartCount ?? 0;
  const failed = (job.status.failed ?? 0) + (hasFailed(context, job, pod) ? 1 : 0);
  return failed + restarts > job.spec.backoffLimit;
}

/** Counts the pod that failed, and makes way for the next. */
function retry({ store, podOf: made, retryAt }: Context, job: Job): void {
  const failed = (job.status.failed ?? 0) + 1;
  made.delete(job.metadata.uid);
  const wait = Math.min(longestRetryMilliseconds, retryMilliseconds * 2 ** (failed - 1));
  retryAt.set(job.metadata.uid, Date.now() + wait);
  const { active: _none, ...rest } = job.status;
  store.put(jobs, { ...job, status: { ...rest, failed, ready: 0 } });
}

function suspend(context: Context, job: Job, pod: Pod | undefined): void {
  endPod(context, job, pod);
  const wasSuspended = hasCondition(job.status.conditions, "Suspended");
  if (!wasSuspended) context.events.record(job, "Normal", "Suspended", "Job suspended");
  putStatus(context, job, statuses.suspended(job.status, pod));
}

function complete(context: Context, job: Job): void {
  context.events.record(job, "Normal", "Completed", "Job completed");
  putStatus(context, job, statuses.completed(job.status));
}

/** A failing Job is failed only when its pod has ended, as its counts then no longer change. */
function beginFailing(context: Context, job: Job, pod: Pod | undefined, why: statuses.FailureReason): void {
  context.events.record(job, "Warning", why.reason, why.message);
  endPod(context, job, pod);
  putStatus(context, job, statuses.failing(job.status, why));
}

function finishFailing(context: Context, job: Job, pod: Pod | undefined): void {
  if (pod && !isFinishedPod(pod)) endPod(context, job, pod);
  else putStatus(context, job, statuses.failed(job.status));
}

function endPod({ store, events }: Context, job: Job, pod: Pod | undefined): void {
  if (!pod || isFinishedPod(pod) || pod.metadata.deletionTimestamp) return;
  events.record(job, "Normal", "SuccessfulDelete", `Deleted pod: ${pod.metadata.name}`);
  deleteObject(store, pods, pod, { propagationPolicy: "Background" });
}

/** https://kubernetes.io/docs/concepts/workloads/controllers/ttlafterfinished/ */
function removeAfterTtl({ store, queue }: Context, key: string, job: Job): void {
  const { ttlSecondsAfterFinished } = job.spec;
  if (ttlSecondsAfterFinished === undefined) return;
  const left = Date.parse(statuses.finishedAt(job.status)) + ttlSecondsAfterFinished * 1000 - Date.now();
  if (left > 0) queue.addAfter(key, left);
  else deleteObject(store, jobs, job, { propagationPolicy: "Foreground" });
}

function putStatus({ store }: Context, job: Job, status: Job["status"]): void {
  if (JSON.stringify(status) !== JSON.stringify(job.status)) store.put(jobs, { ...job, status });
}

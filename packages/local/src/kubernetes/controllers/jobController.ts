import type { Logger } from "@cliscale/service";
import { generateName } from "../api/createObject.ts";
import { type Job, jobs, isFinishedJob } from "../resources/job.ts";
import { controllerOf, hasCondition, timestamp } from "../resources/objects.ts";
import { isFinishedPod, type Pod, pods } from "../resources/pod.ts";
import { deleteObject } from "../store/deletion.ts";
import type { Change, Store } from "../store/store.ts";
import { createEventRecorder, type EventRecorder } from "./eventRecorder.ts";
import * as statuses from "./jobStatus.ts";
import { createWorkQueue, type WorkQueue } from "./workQueue.ts";

interface Context {
  store: Store;
  queue: WorkQueue;
  events: EventRecorder;
  /** The pod that was made for a Job since it was last resumed, by their uids: a pod that vanished has failed. */
  podOf: Map<string, string>;
}

/**
 * Runs Jobs of one pod: makes the pod, and ends the Job when the pod has ended or the deadline has passed.
 * https://kubernetes.io/docs/concepts/workloads/controllers/job/
 */
export function startJobController(store: Store, logger: Logger): () => void {
  const queue = createWorkQueue("job controller", logger, (key) => {
    const [namespace, name] = key.split("/") as [string, string];
    const job = store.get(jobs, namespace, name);
    if (job) syncJob(context, key, job);
  });
  const context: Context = { store, queue, events: createEventRecorder(store, "job-controller"), podOf: new Map() };

  const onChange = ({ type, collection, object }: Change) => {
    const { namespace, name, uid } = object.metadata;
    if (collection.id === jobs.id) {
      queue.add(`${namespace}/${name}`);
      if (type === "DELETED") context.podOf.delete(uid);
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

/** Brings one Job a step nearer to what its spec asks for. */
function syncJob(context: Context, key: string, job: Job): void {
  if (job.metadata.deletionTimestamp) return;
  if (isFinishedJob(job)) return removeAfterTtl(context, key, job);
  const pod = podOf(context, job);
  if (hasCondition(job.status.conditions, "FailureTarget")) return finishFailing(context, job, pod);
  if (job.spec.suspend) return suspend(context, job, pod);
  if (!job.status.startTime) return start(context, job);
  if (pod?.status.phase === "Succeeded") return complete(context, job);
  if (hasFailed(context, job, pod)) return beginFailing(context, job, pod, statuses.backoffLimitExceeded);
  if (isPastDeadline(context, key, job)) return beginFailing(context, job, pod, statuses.deadlineExceeded);
  if (!pod) return createPod(context, job);
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

function start({ store, events, podOf: made }: Context, job: Job): void {
  const wasSuspended = hasCondition(job.status.conditions, "Suspended");
  made.delete(job.metadata.uid);
  if (wasSuspended) events.record(job, "Normal", "Resumed", "Job resumed");
  store.put(jobs, { ...job, status: statuses.started(job.status) });
}

function createPod({ store, events, podOf: made }: Context, job: Job): void {
  const { name, namespace, uid } = job.metadata;
  const { metadata, spec } = job.spec.template;
  const owner = { apiVersion: job.apiVersion, kind: job.kind, name, uid, controller: true, blockOwnerDeletion: true };
  const pod = store.put(
    pods,
    pods.prepareForCreate({
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: generateName(`${name}-`),
        generateName: `${name}-`,
        namespace,
        uid: crypto.randomUUID(),
        resourceVersion: "",
        generation: 1,
        creationTimestamp: timestamp(),
        labels: metadata.labels,
        annotations: metadata.annotations,
        ownerReferences: [owner],
      },
      spec,
      status: { phase: "Pending", qosClass: "BestEffort" },
    }),
  );
  made.set(uid, pod.metadata.uid);
  events.record(job, "Normal", "SuccessfulCreate", `Created pod: ${pod.metadata.name}`);
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

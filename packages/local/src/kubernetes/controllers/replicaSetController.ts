import type { Logger } from "@cliscale/service";
import { type ApiObject, type Condition, controllerOf, hasCondition, withCondition } from "../resources/objects.ts";
import { isFinishedPod, isServing, type Pod, pods } from "../resources/pod.ts";
import { type ReplicaSet, replicaSets } from "../resources/replicaSet.ts";
import { deleteObject } from "../store/deletion.ts";
import type { Store } from "../store/store.ts";
import { putStatus, startController } from "./controller.ts";
import { createEventRecorder } from "./eventRecorder.ts";
import { createPodOf } from "./podControl.ts";

/** Keeps as many pods of a template running as are wanted. https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/ */
export function startReplicaSetController(store: Store, logger: Logger): () => void {
  const events = createEventRecorder(store, "replicaset-controller");

  const scale = (set: ReplicaSet, context: Parameters<typeof createPodOf>[0]): string | undefined => {
    const active = activePodsOf(store, set);
    const missing = set.spec.replicas - active.length;
    for (let count = 0; count < missing; count += 1) {
      const made = createPodOf(context, set, set.spec.template);
      if ("refusal" in made) return made.refusal;
    }
    for (const pod of active.sort(byWorth).slice(0, Math.max(0, -missing))) {
      events.record(set, "Normal", "SuccessfulDelete", `Deleted pod: ${pod.metadata.name}`);
      deleteObject(store, pods, pod, { propagationPolicy: "Background" });
    }
    return undefined;
  };

  return startController(store, logger, {
    name: "replica set controller",
    collection: replicaSets,
    concerns: ({ collection, object }) => (collection.id === pods.id ? ownerKey(object, replicaSets.kind) : []),
    sync(set, queue, key) {
      const refusal = set.metadata.deletionTimestamp ? undefined : scale(set, { store, events, queue, key });
      const active = activePodsOf(store, set);
      const available = active.filter((pod) => {
        const wait = untilAvailable(pod, set.spec.minReadySeconds);
        if (wait > 0 && wait !== Number.POSITIVE_INFINITY) queue.addAfter(key, wait);
        return wait === 0;
      });
      putStatus(store, replicaSets, set, {
        replicas: active.length,
        fullyLabeledReplicas: active.length,
        readyReplicas: active.filter(isServing).length,
        availableReplicas: available.length,
        observedGeneration: set.metadata.generation ?? 0,
        ...conditionsOf(set, refusal),
      });
    },
  });
}

/** The key of the owner that controls an object, if it is of this kind. */
export function ownerKey(object: ApiObject, kind: string): string[] {
  const owner = controllerOf(object);
  return owner?.kind === kind ? [`${object.metadata.namespace}/${owner.name}`] : [];
}

/** The pods that count for a set: neither ended nor on their way out. */
function activePodsOf(store: Store, set: ReplicaSet): Pod[] {
  return store
    .list(pods, set.metadata.namespace)
    .filter(
      (pod) =>
        controllerOf(pod)?.uid === set.metadata.uid &&
        !isFinishedPod(pod) &&
        pod.metadata.deletionTimestamp === undefined,
    );
}

/** Those go first that serve nobody, and among equals the youngest. */
function byWorth(a: Pod, b: Pod): number {
  const difference = Number(isServing(a)) - Number(isServing(b));
  return difference || Number(b.metadata.resourceVersion) - Number(a.metadata.resourceVersion);
}

/** How long until a pod has been ready for so many seconds, in milliseconds; infinite for one that is not ready. */
function untilAvailable(pod: Pod, minReadySeconds: number): number {
  const ready = pod.status.conditions?.find((each) => each.type === "Ready" && each.status === "True");
  if (!ready) return Number.POSITIVE_INFINITY;
  return Math.max(0, Date.parse(ready.lastTransitionTime) + minReadySeconds * 1000 - Date.now());
}

function conditionsOf({ status }: ReplicaSet, refusal: string | undefined): { conditions?: Condition[] } {
  if (refusal !== undefined) {
    const failure = { type: "ReplicaFailure", status: "True", reason: "FailedCreate", message: refusal } as const;
    return { conditions: withCondition(status.conditions, failure) };
  }
  if (!hasCondition(status.conditions, "ReplicaFailure")) return {};
  return { conditions: status.conditions!.filter((each) => each.type !== "ReplicaFailure") };
}

import { type Namespace, namespaces } from "../resources/namespace.ts";
import { type ApiObject, timestamp } from "../resources/objects.ts";
import { isFinishedPod, type Pod, pods } from "../resources/pod.ts";
import type { PropagationPolicy } from "../resources/resourceType.ts";
import type { Collection, Store } from "./store.ts";

export interface DeletionOptions {
  propagationPolicy: PropagationPolicy;
  /** For pods; their own grace period when it is not given. */
  gracePeriodSeconds?: number | undefined;
}

/**
 * Deletes an object. What cannot go at once is marked with `deletionTimestamp` and goes later: a pod when its process has
 * ended, an owner in the foreground when its dependents have gone, a namespace when it is empty.
 * https://kubernetes.io/docs/concepts/architecture/garbage-collection/
 * @returns the object as it stands, and whether it is gone.
 */
export function deleteObject(
  store: Store,
  collection: Collection,
  object: ApiObject,
  options: DeletionOptions,
): { object: ApiObject; gone: boolean } {
  const { propagationPolicy, gracePeriodSeconds } = options;
  if (collection.id === pods.id) return deletePod(store, object as Pod, gracePeriodSeconds);
  if (collection.id === namespaces.id) return markTerminating(store, object as Namespace);
  if (propagationPolicy === "Orphan") orphanDependents(store, object);
  if (propagationPolicy === "Foreground" && blockingDependentsOf(store, object).length > 0) {
    return markForeground(store, collection, object);
  }
  return { object: store.remove(collection, object), gone: true };
}

/** The dependents that keep an owner, deleted in the foreground, from going. */
export function blockingDependentsOf(store: Store, owner: ApiObject) {
  const { uid } = owner.metadata;
  return store
    .dependentsOf(uid)
    .filter(({ object }) =>
      object.metadata.ownerReferences?.some((each) => each.uid === uid && each.blockOwnerDeletion === true),
    );
}

/** The finalizer that stands on an owner while its dependents go first. */
export const foregroundFinalizer = "foregroundDeletion";

function markForeground(store: Store, collection: Collection, object: ApiObject) {
  if (object.metadata.deletionTimestamp) return { object, gone: false };
  const metadata = {
    ...object.metadata,
    deletionTimestamp: timestamp(),
    deletionGracePeriodSeconds: 0,
    finalizers: [foregroundFinalizer],
  };
  return { object: store.put(collection, { ...object, metadata }), gone: false };
}

/** A pod that no node has taken on, or that has ended, has nothing to be graceful to. */
function deletePod(store: Store, pod: Pod, gracePeriodSeconds: number | undefined) {
  const running = pod.spec.nodeName !== undefined && !isFinishedPod(pod);
  const grace = running ? (gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds) : 0;
  if (grace === 0) return { object: store.remove(pods, pod), gone: true };
  const previous = pod.metadata.deletionGracePeriodSeconds;
  if (previous !== undefined && previous <= grace) return { object: pod as ApiObject, gone: false };
  const metadata = {
    ...pod.metadata,
    deletionTimestamp: timestamp(Date.now() + grace * 1000),
    deletionGracePeriodSeconds: grace,
  };
  return { object: store.put(pods, { ...pod, metadata }), gone: false };
}

function markTerminating(store: Store, namespace: Namespace) {
  if (namespace.metadata.deletionTimestamp) return { object: namespace, gone: false };
  const metadata = { ...namespace.metadata, deletionTimestamp: timestamp() };
  return {
    object: store.put(namespaces, { ...namespace, metadata, status: { phase: "Terminating" as const } }),
    gone: false,
  };
}

function orphanDependents(store: Store, owner: ApiObject): void {
  for (const { collection, object } of store.dependentsOf(owner.metadata.uid)) {
    store.put(collection, withoutOwner(object, owner.metadata.uid));
  }
}

export function withoutOwner(object: ApiObject, uid: string): ApiObject {
  const ownerReferences = object.metadata.ownerReferences?.filter((owner) => owner.uid !== uid);
  return { ...object, metadata: { ...object.metadata, ownerReferences } };
}

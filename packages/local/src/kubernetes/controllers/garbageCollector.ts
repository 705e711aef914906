import type { Logger } from "@cliscale/service";
import type { ApiObject } from "../resources/objects.ts";
import { blockingDependentsOf, deleteObject, foregroundFinalizer, withoutOwner } from "../store/deletion.ts";
import type { Change, Store } from "../store/store.ts";
import { createWorkQueue } from "./workQueue.ts";

/**
 * Removes what has lost its last owner, also when the owner had gone before the object came, and lets owners go that were
 * deleted in the foreground. https://kubernetes.io/docs/concepts/architecture/garbage-collection/
 */
export function startGarbageCollector(store: Store, logger: Logger): () => void {
  const queue = createWorkQueue("garbage collector", logger, (uid) => collect(store, uid));

  const onChange = ({ type, object }: Change) => {
    const { metadata } = object;
    for (const owner of metadata.ownerReferences ?? []) queue.add(owner.uid);
    if (type === "DELETED" || metadata.finalizers?.includes(foregroundFinalizer)) queue.add(metadata.uid);
  };

  const unsubscribe = store.subscribe(onChange);
  return () => {
    unsubscribe();
    queue.close();
  };
}

/** Does what the state of an owner asks for: it lives, it waits for its dependents, or it is gone. */
function collect(store: Store, ownerUid: string): void {
  const owner = store.find(ownerUid);
  if (!owner) {
    for (const { collection, object } of store.dependentsOf(ownerUid)) {
      if (hasOtherOwner(store, object, ownerUid)) store.put(collection, withoutOwner(object, ownerUid));
      else deleteObject(store, collection, object, { propagationPolicy: "Background" });
    }
    return;
  }
  if (!owner.object.metadata.finalizers?.includes(foregroundFinalizer)) return;
  for (const { collection, object } of store.dependentsOf(ownerUid)) {
    if (object.metadata.deletionTimestamp) continue;
    deleteObject(store, collection, object, { propagationPolicy: "Foreground" });
  }
  if (blockingDependentsOf(store, owner.object).length === 0) store.remove(owner.collection, owner.object);
}

function hasOtherOwner(store: Store, object: ApiObject, ownerUid: string): boolean {
  return object.metadata.ownerReferences?.some((each) => each.uid !== ownerUid && store.find(each.uid)) ?? false;
}

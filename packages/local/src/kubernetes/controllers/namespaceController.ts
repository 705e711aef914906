import type { Logger } from "@cliscale/service";
import { type Namespace, namespaces } from "../resources/namespace.ts";
import { resourceTypes } from "../resources/registry.ts";
import { deleteObject } from "../store/deletion.ts";
import type { Store } from "../store/store.ts";
import { createWorkQueue } from "./workQueue.ts";

/** Empties namespaces that are being deleted, and removes them once they are empty. */
export function startNamespaceController(store: Store, logger: Logger): () => void {
  const queue = createWorkQueue("namespace controller", logger, (name) => {
    const namespace = store.get(namespaces, undefined, name);
    if (namespace?.status.phase === "Terminating") terminate(store, namespace);
  });
  const unsubscribe = store.subscribe(({ collection, object }) => {
    queue.add(collection.id === namespaces.id ? object.metadata.name : (object.metadata.namespace ?? ""));
  });
  return () => {
    unsubscribe();
    queue.close();
  };
}

function terminate(store: Store, namespace: Namespace): void {
  const content = resourceTypes
    .filter((type) => type.namespaced)
    .flatMap((type) => store.list(type, namespace.metadata.name).map((object) => ({ type, object })));
  for (const { type, object } of content) {
    if (!object.metadata.deletionTimestamp) deleteObject(store, type, object, { propagationPolicy: "Background" });
  }
  if (content.length === 0) store.remove(namespaces, namespace);
}

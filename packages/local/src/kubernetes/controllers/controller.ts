import type { Logger } from "@cliscale/service";
import type { ApiObject } from "../resources/objects.ts";
import type { Change, Collection, Store } from "../store/store.ts";
import { createWorkQueue, type WorkQueue } from "./workQueue.ts";

/** Starts a controller; returns the way to stop it. */
export type StartController = (store: Store, logger: Logger) => () => void;

interface ControllerOptions<T extends ApiObject> {
  name: string;
  collection: Collection<T>;
  /** Brings one object a step nearer to what it asks for. Called again whenever it, or what concerns it, has changed. */
  sync: (object: T, queue: WorkQueue, key: string) => void;
  /** The keys (`NAMESPACE/NAME`) of the objects that a change of something else concerns. */
  concerns?: (change: Change) => readonly string[];
}

/** A controller of the objects of one kind. */
export function startController<T extends ApiObject>(
  store: Store,
  logger: Logger,
  { name, collection, sync, concerns }: ControllerOptions<T>,
): () => void {
  const queue = createWorkQueue(name, logger, (key) => {
    const slash = key.indexOf("/");
    const object = store.get(collection, key.slice(0, slash) || undefined, key.slice(slash + 1));
    if (object) sync(object, queue, key);
  });
  const unsubscribe = store.subscribe((change) => {
    if (change.collection.id === collection.id && change.type !== "DELETED") queue.add(keyFor(change.object));
    for (const key of concerns?.(change) ?? []) queue.add(key);
  });
  return () => {
    unsubscribe();
    queue.close();
  };
}

/** An object's key in a controller's queue. */
export const keyFor = ({ metadata }: Pick<ApiObject, "metadata">) => `${metadata.namespace ?? ""}/${metadata.name}`;

/** The keys of all objects of a kind in the namespace of another object. */
export const keysBeside = (store: Store, collection: Collection, { metadata }: ApiObject): string[] =>
  store.list(collection, metadata.namespace).map(keyFor);

/** Puts a status, unless it is what is there. */
export function putStatus<T extends ApiObject>(
  store: Store,
  collection: Collection<T>,
  object: T,
  status: T["status"],
): void {
  if (JSON.stringify(status) !== JSON.stringify(object.status)) store.put(collection, { ...object, status });
}

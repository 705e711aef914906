import type { ApiObject } from "../resources/objects.ts";

/** Names the collection of all objects of one type. */
export interface Collection<T extends ApiObject = ApiObject> {
  /** `plural.group`, or `plural` alone for the core group. */
  readonly id: string;
  /** Never there: says to the compiler what the objects are. */
  readonly objectType?: T;
}

export interface Change {
  type: "ADDED" | "MODIFIED" | "DELETED";
  revision: number;
  collection: Collection;
  object: ApiObject;
  /** How the object stood before; absent when it was added. */
  previous?: ApiObject;
}

export interface Located {
  collection: Collection;
  object: ApiObject;
}

export interface Store {
  /** The revision of the last change. */
  revision(): number;
  get<T extends ApiObject>(collection: Collection<T>, namespace: string | undefined, name: string): T | undefined;
  /** Objects by namespace and name, as etcd orders keys; all namespaces when none is given. */
  list<T extends ApiObject>(collection: Collection<T>, namespace?: string): T[];
  /** The object of this uid, whatever collection it is in. */
  find(uid: string): Located | undefined;
  /** Objects, of every collection, that name this uid among their owners. */
  dependentsOf(uid: string): Located[];
  /** Adds an object, or puts a changed one in the place of the one with its name; gives it its resourceVersion. */
  put<T extends ApiObject>(collection: Collection<T>, object: T): T;
  remove<T extends ApiObject>(collection: Collection<T>, object: T): T;
  /** The changes of a collection after a revision, or undefined when some of them are no longer known. */
  changesSince(collection: Collection, revision: number): readonly Change[] | undefined;
  /** Calls back after each change, in order, before the change returns to who made it. Returns the way to stop it. */
  subscribe(listener: (change: Change) => void): () => void;
}

/** How many changes of each collection a watch can catch up on. The API server keeps about as many for small objects. */
const defaultHistoryLength = 1000;

/**
 * The objects of the cluster, in memory, with one revision counter for all of them, as etcd has it. Revisions start at the
 * clock's milliseconds, so that one of an earlier life is known to be too old.
 */
export function createStore(historyLength: number = defaultHistoryLength): Store {
  const firstRevision = Date.now();
  let revision = firstRevision;
  const collections = new Map<string, CollectionState>();
  const listeners = new Set<(change: Change) => void>();

  const stateOf = <T extends ApiObject>(collection: Collection<T>): CollectionState<T> => {
    let state = collections.get(collection.id);
    if (!state) {
      state = { collection, objects: new Map(), history: [], forgottenUntil: firstRevision };
      collections.set(collection.id, state);
    }
    return state as CollectionState<T>;
  };

  const record = (state: Pick<CollectionState, "history" | "forgottenUntil">, change: Change) => {
    state.history.push(change);
    if (state.history.length > historyLength) {
      state.forgottenUntil = state.history.shift()!.revision;
    }
    for (const listener of listeners) listener(change);
  };

  const allObjects = function* () {
    for (const { collection, objects } of collections.values()) {
      for (const object of objects.values()) yield { collection, object };
    }
  };

  return {
    revision: () => revision,
    get: (collection, namespace, name) => stateOf(collection).objects.get(keyOf(namespace, name)),
    list: (collection, namespace) =>
      [...stateOf(collection).objects]
        .filter(([, object]) => namespace === undefined || object.metadata.namespace === namespace)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, object]) => object),
    find: (uid) => allObjects().find(({ object }) => object.metadata.uid === uid),
    dependentsOf: (uid) =>
      [...allObjects()].filter(({ object }) => object.metadata.ownerReferences?.some((owner) => owner.uid === uid)),
    put(collection, object) {
      const state = stateOf(collection);
      const key = keyOf(object.metadata.namespace, object.metadata.name);
      const previous: ApiObject | undefined = state.objects.get(key);
      const stored = atRevision(object, ++revision);
      state.objects.set(key, stored);
      const change = { collection, revision, object: stored };
      record(state, previous ? { ...change, type: "MODIFIED", previous } : { ...change, type: "ADDED" });
      return stored;
    },
    remove(collection, object) {
      const state = stateOf(collection);
      const key = keyOf(object.metadata.namespace, object.metadata.name);
      const previous = state.objects.get(key);
      if (!previous) return object;
      const last = atRevision(previous, ++revision);
      state.objects.delete(key);
      record(state, { type: "DELETED", collection, revision, object: last, previous });
      return last;
    },
    changesSince(collection, since) {
      const state = stateOf(collection);
      if (since < state.forgottenUntil) return undefined;
      return state.history.filter((change) => change.revision > since);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

interface CollectionState<T extends ApiObject = ApiObject> {
  collection: Collection<T>;
  objects: Map<string, T>;
  history: Change[];
  /** Changes up to this revision may be missing from the history. */
  forgottenUntil: number;
}

const keyOf = (namespace: string | undefined, name: string) => `${namespace ?? ""}/${name}`;

const atRevision = <T extends ApiObject>(object: T, revision: number): T =>
  asJson({ ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } });

/** An object as JSON has it: without keys that hold nothing, and sharing nothing with what it was made from. */
export function asJson<T extends ApiObject>(object: T): T {
  return JSON.parse(JSON.stringify(object)) as T;
}

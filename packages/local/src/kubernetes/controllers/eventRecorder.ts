import { randomBytes } from "node:crypto";
import { type EventObject, events } from "../resources/event.ts";
import { type ApiObject, timestamp } from "../resources/objects.ts";
import type { Store } from "../store/store.ts";

/** How many events are kept; the API server keeps them for an hour. */
const maximumEvents = 1000;

export interface EventRecorder {
  /** Records what happened to an object, as `kubectl describe` shows it; the same thing again only counts. */
  record(object: ApiObject, type: "Normal" | "Warning", reason: string, message: string): void;
}

export function createEventRecorder(store: Store, component: string): EventRecorder {
  return {
    record(object, type, reason, message) {
      const now = timestamp();
      const { name, namespace = "default", uid, resourceVersion } = object.metadata;
      const known = store
        .list(events, namespace)
        .find((event) => event.involvedObject.uid === uid && event.reason === reason && event.message === message);
      if (known) {
        store.put(events, { ...known, lastTimestamp: now, count: known.count + 1 });
        return;
      }
      const event: EventObject = {
        apiVersion: "v1",
        kind: "Event",
        metadata: {
          name: `${name}.${randomBytes(8).toString("hex")}`,
          namespace,
          uid: crypto.randomUUID(),
          resourceVersion: "",
          creationTimestamp: now,
        },
        involvedObject: { apiVersion: object.apiVersion, kind: object.kind, name, namespace, uid, resourceVersion },
        type,
        reason,
        message,
        source: { component },
        firstTimestamp: now,
        lastTimestamp: now,
        count: 1,
      };
      store.put(events, event);
      forgetOldest(store);
    },
  };
}

function forgetOldest(store: Store): void {
  const all = store.list(events);
  if (all.length <= maximumEvents) return;
  const oldest = all.reduce((a, b) =>
    Number(a.metadata.resourceVersion) <= Number(b.metadata.resourceVersion) ? a : b,
  );
  store.remove(events, oldest);
}

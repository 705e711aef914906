import * as z from "zod";
import { objectMetadata } from "./metadata.ts";
import type { ApiObject } from "./objects.ts";
import { defineResource, nameColumn } from "./resourceType.ts";

export interface ObjectReference {
  apiVersion: string;
  kind: string;
  name: string;
  namespace?: string | undefined;
  uid: string;
  resourceVersion?: string;
  fieldPath?: string;
}

export interface EventObject extends ApiObject {
  involvedObject: ObjectReference;
  type: "Normal" | "Warning";
  reason: string;
  message: string;
  source: { component: string };
  firstTimestamp: string;
  lastTimestamp: string;
  count: number;
}

/** Events are written by the controllers alone; the schema admits none from a client. */
export const events = defineResource<EventObject>({
  group: "",
  version: "v1",
  kind: "Event",
  plural: "events",
  singular: "event",
  shortNames: ["ev"],
  namespaced: true,
  schema: z.strictObject({
    apiVersion: z.literal("v1"),
    kind: z.literal("Event"),
    metadata: objectMetadata,
    involvedObject: z.never("the Kubernetes stand-in does not model events from clients"),
  }),
  selectableFields: {
    "involvedObject.kind": (event) => event.involvedObject.kind,
    "involvedObject.namespace": (event) => event.involvedObject.namespace ?? "",
    "involvedObject.name": (event) => event.involvedObject.name,
    "involvedObject.uid": (event) => event.involvedObject.uid,
    "involvedObject.apiVersion": (event) => event.involvedObject.apiVersion,
    "involvedObject.fieldPath": (event) => event.involvedObject.fieldPath ?? "",
    reason: (event) => event.reason,
    type: (event) => event.type,
    source: (event) => event.source.component,
  },
  columns: {
    definitions: [
      { name: "Last Seen", type: "string" },
      { name: "Type", type: "string" },
      { name: "Reason", type: "string" },
      { name: "Object", type: "string" },
      { name: "Message", type: "string" },
      { ...nameColumn, priority: 1 },
    ],
    cells: (event, age) => [
      age,
      event.type,
      event.reason,
      `${event.involvedObject.kind.toLowerCase()}/${event.involvedObject.name}`,
      event.message,
      event.metadata.name,
    ],
  },
});

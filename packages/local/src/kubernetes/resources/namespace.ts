import * as z from "zod";
import { nameRules, objectMetadata } from "./metadata.ts";
import type { ApiObject } from "./objects.ts";
import { defineResource, nameColumn } from "./resourceType.ts";

export interface Namespace extends ApiObject {
  spec: { finalizers: string[] };
  status: { phase: "Active" | "Terminating" };
}

export const namespaces = defineResource<Namespace>({
  group: "",
  version: "v1",
  kind: "Namespace",
  plural: "namespaces",
  singular: "namespace",
  shortNames: ["ns"],
  namespaced: false,
  nameRule: nameRules.label,
  schema: z.strictObject({
    apiVersion: z.literal("v1"),
    kind: z.literal("Namespace"),
    metadata: objectMetadata,
    spec: z.strictObject({ finalizers: z.array(z.string()).optional() }).default({}),
  }),
  selectableFields: { "status.phase": (namespace) => namespace.status.phase },
  prepareForCreate: (namespace) => ({
    ...namespace,
    // Selectors of namespaces go by this label: https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-metadata-name
    metadata: {
      ...namespace.metadata,
      labels: { "kubernetes.io/metadata.name": namespace.metadata.name, ...namespace.metadata.labels },
    },
    spec: { finalizers: ["kubernetes"] },
    status: { phase: "Active" },
  }),
  columns: {
    definitions: [nameColumn, { name: "Status", type: "string" }, { name: "Age", type: "string" }],
    cells: (namespace, age) => [namespace.metadata.name, namespace.status.phase, age],
  },
});

import * as z from "zod";
import { dataKey } from "./dataKey.ts";
import { objectMetadata } from "./metadata.ts";
import type { ApiObject } from "./objects.ts";
import { defineResource, nameColumn } from "./resourceType.ts";

export interface ConfigMap extends ApiObject {
  data?: Record<string, string>;
  /** Values in base64. */
  binaryData?: Record<string, string>;
  immutable?: boolean;
}

export const configMaps = defineResource<ConfigMap>({
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  singular: "configmap",
  shortNames: ["cm"],
  namespaced: true,
  schema: z.strictObject({
    apiVersion: z.literal("v1"),
    kind: z.literal("ConfigMap"),
    metadata: objectMetadata,
    data: z.record(dataKey, z.string()).optional(),
    binaryData: z.record(dataKey, z.base64()).optional(),
    immutable: z.boolean().optional(),
  }),
  immutable: ({ immutable, data, binaryData }) => (immutable ? { data, binaryData } : undefined),
  columns: {
    definitions: [nameColumn, { name: "Data", type: "integer" }, { name: "Age", type: "string" }],
    cells: ({ metadata, data, binaryData }, age) => [
      metadata.name,
      Object.keys({ ...data, ...binaryData }).length,
      age,
    ],
  },
});

import * as z from "zod";
import { objectMetadata } from "./metadata.ts";
import type { ApiObject } from "./objects.ts";
import { defineResource } from "./resourceType.ts";

const quantity = z.union([z.string(), z.number()]).transform(String);

export interface ResourceQuota extends ApiObject {
  spec: { hard?: Record<string, string> };
  status: { hard?: Record<string, string>; used?: Record<string, string> };
}

/**
 * How much of what a namespace may hold. `pods`, `secrets`, `configmaps`, `services` and `count/RESOURCE` are enforced;
 * amounts of CPU, memory and storage are kept, and not counted. https://kubernetes.io/docs/concepts/policy/resource-quotas/
 */
export const resourceQuotas = defineResource<ResourceQuota>({
  group: "",
  version: "v1",
  kind: "ResourceQuota",
  plural: "resourcequotas",
  singular: "resourcequota",
  shortNames: ["quota"],
  namespaced: true,
  schema: z.strictObject({
    apiVersion: z.literal("v1"),
    kind: z.literal("ResourceQuota"),
    metadata: objectMetadata,
    // Scopes would change what counts, and so are refused.
    spec: z.strictObject({ hard: z.record(z.string(), quantity).optional() }).default({}),
  }),
  prepareForCreate: (quota) => ({ ...quota, status: {} }),
});

import * as z from "zod";
import { objectMetadata } from "./metadata.ts";
import type { ApiObject } from "./objects.ts";
import { defineResource } from "./resourceType.ts";

export interface ServiceAccount extends ApiObject {
  automountServiceAccountToken?: boolean;
}

/** Whom pods run as in the cluster. It has no tokens here: pods that would get one are refused. */
export const serviceAccounts = defineResource<ServiceAccount>({
  group: "",
  version: "v1",
  kind: "ServiceAccount",
  plural: "serviceaccounts",
  singular: "serviceaccount",
  shortNames: ["sa"],
  namespaced: true,
  schema: z.strictObject({
    apiVersion: z.literal("v1"),
    kind: z.literal("ServiceAccount"),
    metadata: objectMetadata,
    automountServiceAccountToken: z.boolean().optional(),
    imagePullSecrets: z.array(z.strictObject({ name: z.string() })).optional(),
  }),
});

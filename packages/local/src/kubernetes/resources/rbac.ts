import * as z from "zod";
import { nameRules, objectMetadata } from "./metadata.ts";
import type { ApiObject } from "./objects.ts";
import { defineResource, nameColumn } from "./resourceType.ts";

// https://kubernetes.io/docs/reference/access-authn-authz/rbac/
const group = "rbac.authorization.k8s.io";

const rule = z.strictObject({
  apiGroups: z.array(z.string()).optional(),
  resources: z.array(z.string()).optional(),
  resourceNames: z.array(z.string()).optional(),
  nonResourceURLs: z.array(z.string()).optional(),
  verbs: z.array(z.string()),
});
export type PolicyRule = z.infer<typeof rule>;

const subject = z.strictObject({
  kind: z.enum(["User", "Group", "ServiceAccount"]),
  apiGroup: z.string().optional(),
  name: z.string(),
  namespace: z.string().optional(),
});
export type Subject = z.infer<typeof subject>;

export interface Role extends ApiObject {
  rules?: PolicyRule[];
}

export interface RoleBinding extends ApiObject {
  subjects?: Subject[];
  roleRef: { apiGroup: string; kind: "Role" | "ClusterRole"; name: string };
}

const role = (kind: "Role" | "ClusterRole") =>
  defineResource<Role>({
    group,
    version: "v1",
    kind,
    plural: `${kind.toLowerCase()}s`,
    singular: kind.toLowerCase(),
    namespaced: kind === "Role",
    nameRule: nameRules.pathSegment,
    schema: z.strictObject({
      apiVersion: z.literal(`${group}/v1`),
      kind: z.literal(kind),
      metadata: objectMetadata,
      rules: z.array(rule).optional(),
    }),
  });

const binding = (kind: "RoleBinding" | "ClusterRoleBinding") =>
  defineResource<RoleBinding>({
    group,
    version: "v1",
    kind,
    plural: `${kind.toLowerCase()}s`,
    singular: kind.toLowerCase(),
    namespaced: kind === "RoleBinding",
    nameRule: nameRules.pathSegment,
    schema: z.strictObject({
      apiVersion: z.literal(`${group}/v1`),
      kind: z.literal(kind),
      metadata: objectMetadata,
      subjects: z.array(subject).optional(),
      roleRef: z.strictObject({
        apiGroup: z.literal(group),
        kind: kind === "RoleBinding" ? z.enum(["Role", "ClusterRole"]) : z.literal("ClusterRole"),
        name: z.string(),
      }),
    }),
    immutable: ({ roleRef }) => ({ roleRef }),
    columns: {
      definitions: [nameColumn, { name: "Role", type: "string" }, { name: "Age", type: "string" }],
      cells: ({ metadata, roleRef }, age) => [metadata.name, `${roleRef.kind}/${roleRef.name}`, age],
    },
  });

export const roles = role("Role");
export const clusterRoles = role("ClusterRole");
export const roleBindings = binding("RoleBinding");
export const clusterRoleBindings = binding("ClusterRoleBinding");

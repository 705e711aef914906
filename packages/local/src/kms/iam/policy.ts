import * as z from "zod";
import { parseRequest } from "../../grpc/request.ts";
import type { Handlers } from "../../grpc/server.ts";
import { StatusError } from "../../grpc/statusError.ts";
import type { Kms } from "../kms.ts";
import { cryptoKeyName } from "../names.ts";
import { type Binding, find, type KmsState } from "../state.ts";
import { permissions, roles } from "./roles.ts";

const binding = z.strictObject({
  role: z.enum(Object.keys(roles), { error: "is no role that this stand-in models" }),
  members: z.array(z.string()).default([]),
});
const getRequest = z.strictObject({ resource: cryptoKeyName });
const setRequest = z.strictObject({
  resource: cryptoKeyName,
  policy: z.strictObject({
    bindings: z.array(binding).default([]),
    version: z.literal([0, 1]).optional(),
    etag: z.unknown().optional(),
  }),
});
const testRequest = z.strictObject({ resource: cryptoKeyName, permissions: z.array(z.string()).default([]) });

/** google.iam.v1.IAMPolicy of crypto keys; conditions, and policies of key rings, are not modelled. */
export function policyHandlers({ file }: Kms): Handlers {
  return {
    GetIamPolicy(request) {
      const { resource } = parseRequest(getRequest, request);
      find(file.state.cryptoKeys, resource);
      return { version: 1, bindings: file.state.policies[resource] ?? [] };
    },

    async SetIamPolicy(request) {
      const { resource, policy } = parseRequest(setRequest, request);
      return file.update((state) => {
        find(state.cryptoKeys, resource);
        state.policies[resource] = policy.bindings;
        return { version: 1, bindings: policy.bindings };
      });
    },

    TestIamPermissions(request, member) {
      const { resource, permissions: asked } = parseRequest(testRequest, request);
      return { permissions: asked.filter((permission) => isGranted(file.state, member, permission, resource)) };
    },
  };
}

/** Lets calls through that a policy allows, by the member that makes them; undefined is nobody. */
export function enforce(kms: Kms, handlers: Handlers): Handlers {
  return Object.fromEntries(
    Object.entries(handlers).map(([method, handler]) => [
      method,
      (request, member) => {
        if (member === undefined) throw new StatusError("UNAUTHENTICATED", "the call bears no token of this stand-in");
        const needed = permissions[method];
        if (needed) require(kms.file.state, member, needed.permission, resourceOf(request, needed.field));
        return handler(request, member);
      },
    ]),
  );
}

function require(state: KmsState, member: string, permission: string, resource: string): void {
  if (isGranted(state, member, permission, resource)) return;
  throw new StatusError("PERMISSION_DENIED", `Permission '${permission}' denied on resource '${resource}'`);
}

function isGranted({ policies }: KmsState, member: string | undefined, permission: string, resource: string): boolean {
  return Object.entries(policies).some(
    ([holder, bindings]) =>
      (resource === holder || resource.startsWith(`${holder}/`)) &&
      bindings.some(
        ({ role, members }: Binding) => members.includes(member ?? "") && roles[role]?.includes(permission),
      ),
  );
}

function resourceOf(request: unknown, field: string): string {
  const value = (request as Record<string, unknown>)[field];
  const name = typeof value === "object" && value !== null ? (value as { name?: unknown }).name : value;
  return typeof name === "string" ? name : "";
}

import type { IncomingMessage } from "node:http";
import type { Store } from "../store/store.ts";
import type { User } from "./authenticate.ts";
import { isAllowed } from "./rbac.ts";
import { StatusError } from "./statusError.ts";

/**
 * Whom a request is to be judged as: with `kubectl --as` somebody else than who sends it.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
 * @throws StatusError 403 when the sender may not impersonate.
 */
export function actingUser(store: Store, sender: User, request: IncomingMessage): User {
  const name = request.headers["impersonate-user"];
  if (typeof name !== "string" || name === "") return sender;
  const groups = namesOf(request.headersDistinct["impersonate-group"]);
  requireImpersonation(store, sender, "users", name);
  for (const group of groups) requireImpersonation(store, sender, "groups", group);
  return { name, groups: [...new Set([...groups, "system:authenticated"])] };
}

const namesOf = (headers: string[] | undefined) => (headers ?? []).filter((name) => name !== "");

function requireImpersonation(store: Store, sender: User, resource: "users" | "groups", name: string): void {
  const attempt = { verb: "impersonate", group: "", resource, namespace: undefined, name };
  if (isAllowed(store, sender, attempt)) return;
  throw new StatusError(
    403,
    "Forbidden",
    `${resource} "${name}" is forbidden: User "${sender.name}" cannot impersonate resource "${resource}" in API group "" at the cluster scope`,
    { name, kind: resource },
  );
}

import {
  clusterRoleBindings,
  clusterRoles,
  type PolicyRule,
  roleBindings,
  roles,
  type Subject,
} from "../resources/rbac.ts";
import type { Store } from "../store/store.ts";
import type { User } from "./authenticate.ts";
import type { ResourceRequest } from "./requestInfo.ts";
import { forbidden, StatusError } from "./statusError.ts";

/** The group that the API server lets do everything, whatever roles say. */
const superusers = "system:masters";

/** What a superuser may do, as a rule. */
const everything: PolicyRule[] = [
  { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
  { nonResourceURLs: ["*"], verbs: ["*"] },
];

/** What somebody wants to do with a resource. */
export interface Attempt {
  verb: string;
  group: string;
  /** `pods`, `pods/log` */
  resource: string;
  namespace: string | undefined;
  name: string | undefined;
}

/**
 * Refuses what no role grants, by the roles and bindings in the store at that moment.
 * https://kubernetes.io/docs/reference/access-authn-authz/rbac/
 * @throws StatusError 403 in the API server's words.
 */
export function authorize(store: Store, user: User, request: ResourceRequest): void {
  const { type, verb, namespace, name, subresource } = request;
  const resource = subresource ? `${type.plural}/${subresource}` : type.plural;
  if (isAllowed(store, user, { verb, group: type.group, resource, namespace, name })) return;
  const where = namespace === undefined ? "at the cluster scope" : `in the namespace "${namespace}"`;
  throw forbidden(
    type,
    name,
    `User "${user.name}" cannot ${verb} resource "${resource}" in API group "${type.group}" ${where}`,
  );
}

/**
 * The same for a path that is no resource, such as `/version`.
 * @throws StatusError 403 in the API server's words.
 */
export function authorizePath(store: Store, user: User, method: string, path: string): void {
  const verb = method.toLowerCase();
  if (isAllowedPath(store, user, verb, path)) return;
  throw new StatusError(403, "Forbidden", `forbidden: User "${user.name}" cannot ${verb} path "${path}"`, {});
}

export function isAllowed(store: Store, user: User, { verb, group, resource, namespace, name }: Attempt): boolean {
  return rulesOf(store, user, namespace).some(
    (rule) =>
      includes(rule.verbs, verb) &&
      includes(rule.apiGroups, group) &&
      includes(rule.resources, resource) &&
      (!rule.resourceNames?.length || (name !== undefined && rule.resourceNames.includes(name))),
  );
}

export function isAllowedPath(store: Store, user: User, verb: string, path: string): boolean {
  return rulesOf(store, user, undefined).some(
    (rule) => includes(rule.verbs, verb) && rule.nonResourceURLs?.some((pattern) => matchesPath(pattern, path)),
  );
}

/** All that a user may do, in a namespace or, without one, in the whole cluster. */
export function rulesOf(store: Store, user: User, namespace: string | undefined): PolicyRule[] {
  if (user.groups.includes(superusers)) return everything;
  const clusterWide = store.list(clusterRoleBindings);
  const local = namespace === undefined ? [] : store.list(roleBindings, namespace);
  return [...clusterWide, ...local]
    .filter((binding) => binding.subjects?.some((subject) => isSubject(subject, user)))
    .flatMap(({ roleRef, metadata }) => {
      const role =
        roleRef.kind === "Role"
          ? store.get(roles, metadata.namespace, roleRef.name)
          : store.get(clusterRoles, undefined, roleRef.name);
      return role?.rules ?? [];
    });
}

function isSubject(subject: Subject, user: User): boolean {
  if (subject.kind === "User") return subject.name === user.name;
  if (subject.kind === "Group") return user.groups.includes(subject.name);
  return user.name === `system:serviceaccount:${subject.namespace}:${subject.name}`;
}

const includes = (granted: string[] | undefined, asked: string) =>
  granted?.some((one) => one === "*" || one === asked) ?? false;

const matchesPath = (pattern: string, path: string) =>
  pattern.endsWith("*") ? path.startsWith(pattern.slice(0, -1)) : path === pattern;

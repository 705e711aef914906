import { users } from "../api/authenticate.ts";
import { createObject } from "../api/createObject.ts";
import { namespaces } from "../resources/namespace.ts";
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from "../resources/rbac.ts";
import type { Store } from "./store.ts";

/** Where runner Jobs live. */
export const runnerNamespace = "cliscale-runners";

const rbacGroup = "rbac.authorization.k8s.io";

/** Puts into an empty cluster what is there from the start: namespaces, and what the functions' user may do. */
export function seed(store: Store): void {
  for (const name of ["default", "kube-system", runnerNamespace]) {
    createObject(store, namespaces, undefined, { metadata: { name } });
  }
  grantDiscovery(store);
  grantFunctions(store);
}

/** https://kubernetes.io/docs/reference/access-authn-authz/rbac/#discovery-roles */
function grantDiscovery(store: Store): void {
  const name = "system:discovery";
  const nonResourceURLs = ["/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*", "/version", "/version/"];
  createObject(store, clusterRoles, undefined, {
    metadata: { name },
    rules: [{ nonResourceURLs, verbs: ["get"] }],
  });
  createObject(store, clusterRoleBindings, undefined, {
    metadata: { name },
    roleRef: { apiGroup: rbacGroup, kind: "ClusterRole", name },
    subjects: [{ kind: "Group", apiGroup: rbacGroup, name: "system:authenticated" }],
  });
}

/** What the functions need to run sessions, and nothing else. */
function grantFunctions(store: Store): void {
  const name = "cliscale-functions";
  createObject(store, roles, runnerNamespace, {
    metadata: { name },
    rules: [
      { apiGroups: ["batch"], resources: ["jobs"], verbs: ["create", "get", "list", "patch", "delete"] },
      { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] },
      { apiGroups: [""], resources: ["secrets"], verbs: ["create"] },
    ],
  });
  createObject(store, roleBindings, runnerNamespace, {
    metadata: { name },
    roleRef: { apiGroup: rbacGroup, kind: "Role", name },
    subjects: [{ kind: "User", apiGroup: rbacGroup, name: users.functions.name }],
  });
}

import { users } from "../api/authenticate.ts";
import { createObject } from "../api/createObject.ts";
import { accessReviews, rulesReviews, selfReviews } from "../resources/accessReview.ts";
import { namespaces } from "../resources/namespace.ts";
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from "../resources/rbac.ts";
import { serviceAccounts } from "../resources/serviceAccount.ts";
import { priorityClasses, runtimeClasses } from "../resources/storedKinds.ts";
import type { Store } from "./store.ts";

/** Where runner Jobs live. */
export const runnerNamespace = "cliscale-runners";

const rbacGroup = "rbac.authorization.k8s.io";

/** `product`: what the product's chart would install for the functions. `bare`: only what every cluster has. */
export type Contents = "product" | "bare";

/** Puts into an empty cluster what is there from the start. */
export function seed(store: Store, contents: Contents): void {
  for (const name of ["default", "kube-system"]) createObject(store, namespaces, undefined, { metadata: { name } });
  grantDiscovery(store);
  grantSelfReviews(store);
  seedClasses(store);
  if (contents === "product") seedRunners(store);
}

/** What Jobs of the functions name, and the functions' own rights. */
function seedRunners(store: Store): void {
  const metadata = { name: "cliscale-runner" };
  createObject(store, namespaces, undefined, { metadata: { name: runnerNamespace } });
  createObject(store, serviceAccounts, runnerNamespace, { metadata, automountServiceAccountToken: false });
  createObject(store, priorityClasses, undefined, { metadata, value: 0 });
  grantFunctions(store);
}

/** Classes that a GKE cluster has by itself. */
function seedClasses(store: Store): void {
  const priorities = { "system-node-critical": 2_000_001_000, "system-cluster-critical": 2_000_000_000 };
  for (const [name, value] of Object.entries(priorities)) {
    createObject(store, priorityClasses, undefined, { metadata: { name }, value });
  }
  createObject(store, runtimeClasses, undefined, { metadata: { name: "gvisor" }, handler: "gvisor" });
}

/** Whoever is known may ask what it may do: the role `system:basic-user` of every cluster. */
function grantSelfReviews(store: Store): void {
  const name = "system:basic-user";
  const reviews = [accessReviews, rulesReviews, selfReviews];
  createObject(store, clusterRoles, undefined, {
    metadata: { name },
    rules: reviews.map(({ group, plural }) => ({ apiGroups: [group], resources: [plural], verbs: ["create"] })),
  });
  bindEverybody(store, name);
}

function bindEverybody(store: Store, name: string): void {
  createObject(store, clusterRoleBindings, undefined, {
    metadata: { name },
    roleRef: { apiGroup: rbacGroup, kind: "ClusterRole", name },
    subjects: [{ kind: "Group", apiGroup: rbacGroup, name: "system:authenticated" }],
  });
}

/** https://kubernetes.io/docs/reference/access-authn-authz/rbac/#discovery-roles */
function grantDiscovery(store: Store): void {
  const name = "system:discovery";
  const nonResourceURLs = ["/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*", "/version", "/version/"];
  createObject(store, clusterRoles, undefined, {
    metadata: { name },
    rules: [{ nonResourceURLs, verbs: ["get"] }],
  });
  bindEverybody(store, name);
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

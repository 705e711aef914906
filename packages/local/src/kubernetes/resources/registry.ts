import { accessReviews, rulesReviews, selfReviews } from "./accessReview.ts";
import { configMaps } from "./configMap.ts";
import { deployments } from "./deployment.ts";
import { endpointSlices } from "./endpointSlice.ts";
import { events } from "./event.ts";
import { gateways, httpRoutes } from "./gatewayApi.ts";
import { autoscalers } from "./horizontalPodAutoscaler.ts";
import { jobs } from "./job.ts";
import { namespaces } from "./namespace.ts";
import type { ApiObject } from "./objects.ts";
import { pods } from "./pod.ts";
import { disruptionBudgets } from "./podDisruptionBudget.ts";
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from "./rbac.ts";
import { replicaSets } from "./replicaSet.ts";
import { resourceQuotas } from "./resourceQuota.ts";
import { apiVersionOf, type ResourceType } from "./resourceType.ts";
import { secrets } from "./secret.ts";
import { serviceAccounts } from "./serviceAccount.ts";
import { services } from "./service.ts";
import { storedTypes } from "./storedKinds.ts";

/** Every kind that the API serves. A new kind is a file beside this one and a line here. */
const all: unknown[] = [
  namespaces,
  pods,
  services,
  configMaps,
  secrets,
  serviceAccounts,
  resourceQuotas,
  events,
  jobs,
  deployments,
  replicaSets,
  endpointSlices,
  disruptionBudgets,
  autoscalers,
  gateways,
  httpRoutes,
  roles,
  roleBindings,
  clusterRoles,
  clusterRoleBindings,
  accessReviews,
  rulesReviews,
  selfReviews,
  ...storedTypes,
];

// As one of this list a type's functions take any object; they are given those alone that its own schema let in.
export const resourceTypes = all as readonly ResourceType[];

export function findResourceType(group: string, version: string, plural: string): ResourceType | undefined {
  return resourceTypes.find((type) => type.group === group && type.version === version && type.plural === plural);
}

/** The type of an object, by its apiVersion and kind. */
export function typeOf(object: Pick<ApiObject, "apiVersion" | "kind">): ResourceType | undefined {
  return resourceTypes.find((type) => apiVersionOf(type) === object.apiVersion && type.kind === object.kind);
}

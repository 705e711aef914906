import type { ApiObject } from "../resources/objects.ts";
import { isFinishedPod, type Pod, pods } from "../resources/pod.ts";
import { resourceQuotas } from "../resources/resourceQuota.ts";
import type { ResourceType } from "../resources/resourceType.ts";
import { serviceAccounts } from "../resources/serviceAccount.ts";
import { priorityClasses, runtimeClasses } from "../resources/storedKinds.ts";
import type { Store } from "../store/store.ts";
import { forbidden, invalid } from "./statusError.ts";

type AdmittedType = Pick<ResourceType, "id" | "group" | "kind" | "plural" | "namespaced">;

/**
 * Refuses a new object that the cluster, as it stands, has no place for.
 * https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/
 * @throws StatusError 403 as the API server would; 422 for a pod that would be given a token, which is not modelled.
 */
export function admit(store: Store, type: AdmittedType, object: ApiObject): void {
  if (type.id === pods.id) admitPod(store, object as Pod);
  if (type.namespaced) requireQuota(store, type, object);
}

function admitPod(store: Store, pod: Pod): void {
  const { name, namespace } = pod.metadata;
  const { serviceAccountName, automountServiceAccountToken, priorityClassName, runtimeClassName } = pod.spec;
  const account = store.get(serviceAccounts, namespace, serviceAccountName);
  if (!account) {
    const missing = `serviceaccount "${serviceAccountName}" not found`;
    throw forbidden(pods, name, `error looking up service account ${namespace}/${serviceAccountName}: ${missing}`);
  }
  if ((automountServiceAccountToken ?? account.automountServiceAccountToken) !== false) {
    const message = `Forbidden: the Kubernetes stand-in has no service account tokens: set it to false, here or on the service account "${serviceAccountName}"`;
    throw invalid(pods, name, [{ reason: "FieldValueForbidden", message, field: "spec.automountServiceAccountToken" }]);
  }
  if (priorityClassName && !store.get(priorityClasses, undefined, priorityClassName)) {
    throw forbidden(pods, name, `no PriorityClass with name ${priorityClassName} was found`);
  }
  if (runtimeClassName && !store.get(runtimeClasses, undefined, runtimeClassName)) {
    throw forbidden(pods, name, `pod rejected: RuntimeClass "${runtimeClassName}" not found`);
  }
}

/** What of a namespace is counted, by the name that a quota has for it. */
export function countedAs(type: Pick<ResourceType, "id" | "group" | "plural">): string[] {
  const plain = ["pods", "secrets", "configmaps", "services", "resourcequotas"];
  return [`count/${type.id}`, ...(type.group === "" && plain.includes(type.plural) ? [type.plural] : [])];
}

/** How many objects there are that a quota counts: pods, by their plain name, only until they have ended. */
export function countOf(store: Store, type: Pick<ResourceType, "id">, namespace: string, countedBy: string): number {
  const objects = store.list<ApiObject>(type, namespace);
  return countedBy === "pods" ? objects.filter((each) => !isFinishedPod(each as Pod)).length : objects.length;
}

function requireQuota(store: Store, type: AdmittedType, object: ApiObject): void {
  const { name, namespace } = object.metadata;
  for (const quota of store.list(resourceQuotas, namespace)) {
    for (const counted of countedAs(type)) {
      const limit = quota.spec.hard?.[counted];
      if (limit === undefined) continue;
      const used = countOf(store, type, namespace!, counted);
      if (used + 1 <= Number(limit)) continue;
      const amounts = `requested: ${counted}=1, used: ${counted}=${used}, limited: ${counted}=${limit}`;
      throw forbidden(type, name, `exceeded quota: ${quota.metadata.name}, ${amounts}`);
    }
  }
}

// What every object of the Kubernetes API has in common:
// https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean | undefined;
  blockOwnerDeletion?: boolean | undefined;
}

export interface ObjectMeta {
  name: string;
  generateName?: string | undefined;
  /** Absent for what is not in a namespace. */
  namespace?: string | undefined;
  uid: string;
  /** Opaque to clients; here the store's revision at the object's last change. */
  resourceVersion: string;
  /** Counts the changes of `spec`. */
  generation?: number | undefined;
  creationTimestamp: string;
  deletionTimestamp?: string | undefined;
  deletionGracePeriodSeconds?: number | undefined;
  finalizers?: string[] | undefined;
  labels?: Record<string, string> | undefined;
  annotations?: Record<string, string> | undefined;
  ownerReferences?: OwnerReference[] | undefined;
}

/** An object as stored. It is never changed in place: a change puts a new object in its stead. */
export interface ApiObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: unknown;
  status?: unknown;
}

export interface Condition {
  type: string;
  status: "True" | "False" | "Unknown";
  reason?: string;
  message?: string;
  lastProbeTime?: string | null;
  lastTransitionTime: string;
}

/** A time as the API writes it: RFC 3339, whole seconds, UTC. */
export function timestamp(milliseconds: number = Date.now()): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, "Z");
}

/** The owner that controls the object, of which there is one at most. */
export function controllerOf(object: ApiObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true);
}

/** The conditions with one of them set; its `lastTransitionTime` moves only when its status does. */
export function withCondition(
  conditions: readonly Condition[] | undefined,
  next: Omit<Condition, "lastTransitionTime">,
): Condition[] {
  const old = conditions?.find((condition) => condition.type === next.type);
  const lastTransitionTime = old?.status === next.status ? old.lastTransitionTime : timestamp();
  const merged = { ...next, lastTransitionTime };
  return old
    ? (conditions ?? []).map((condition) => (condition.type === next.type ? merged : condition))
    : [...(conditions ?? []), merged];
}

export function hasCondition(conditions: readonly Condition[] | undefined, type: string): boolean {
  return conditions?.some((condition) => condition.type === type && condition.status === "True") ?? false;
}

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
  managedFields?: ManagedFields[] | undefined;
}

/** Which fields one manager has applied: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management */
export interface ManagedFields {
  manager: string;
  operation: "Apply";
  apiVersion: string;
  time: string;
  fieldsType: "FieldsV1";
  fieldsV1: FieldSet;
}

/** A set of fields: `f:NAME` for a field, `k:{…}` for an item of a list by its keys, `.` for the item itself. */
export interface FieldSet {
  [part: string]: FieldSet;
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
  observedGeneration?: number;
  /** Of a Deployment's: when anything of it was last changed. */
  lastUpdateTime?: string;
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

/** How an object is named as the owner that controls another. */
export function controllerReference({ apiVersion, kind, metadata }: ApiObject): OwnerReference {
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true, blockOwnerDeletion: true };
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

/** Whether a set of labels has all that a selector asks for. */
export function matchesLabels(labels: Record<string, string> | undefined, wanted: Record<string, string>): boolean {
  return Object.entries(wanted).every(([key, value]) => labels?.[key] === value);
}

export function hasCondition(conditions: readonly Condition[] | undefined, type: string): boolean {
  return conditions?.some((condition) => condition.type === type && condition.status === "True") ?? false;
}

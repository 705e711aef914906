import { isDeepStrictEqual } from "node:util";
import type { ApiObject, ObjectMeta } from "../resources/objects.ts";
import type { ResourceType } from "../resources/resourceType.ts";
import { asJson, type Store } from "../store/store.ts";
import type { WriteOptions } from "./createObject.ts";
import { type DecodedObject, decodeObject, isRecord } from "./decode.ts";
import { badRequest, type Cause, conflict, invalid } from "./statusError.ts";

/**
 * Puts what a client sent in the place of an object, and returns it as stored. Status, and what the API server owns of the
 * metadata, stay; an update that changes nothing makes no new version.
 * @throws StatusError as the API server would.
 */
export function updateObject(
  store: Store,
  type: ResourceType,
  current: ApiObject,
  input: unknown,
  { dryRun = false, managedFields = current.metadata.managedFields }: WriteOptions = {},
): ApiObject {
  const decoded = decodeObject(type, input);
  requireSameIdentity(type, current, decoded.metadata);
  const next = asJson(type.prepareForUpdate(merged(current, decoded, managedFields), current));
  requireMutable(type, current, next);
  if (isDeepStrictEqual(current, next)) return current;
  if (!isDeepStrictEqual(current.spec, next.spec)) {
    next.metadata.generation = (current.metadata.generation ?? 0) + 1;
  }
  return dryRun ? next : store.put(type, next);
}

function merged(current: ApiObject, decoded: DecodedObject, managedFields: ObjectMeta["managedFields"]): ApiObject {
  const { labels, annotations, ownerReferences } = decoded.metadata;
  const metadata: ObjectMeta = { ...current.metadata, labels, annotations, ownerReferences, managedFields };
  return { ...decoded, metadata, ...(current.status !== undefined && { status: current.status }) };
}

function requireSameIdentity(type: ResourceType, current: ApiObject, sent: Partial<ObjectMeta>): void {
  const { name, namespace, uid, resourceVersion, finalizers } = current.metadata;
  if (sent.name !== undefined && sent.name !== name) {
    throw badRequest(`the name of the object (${sent.name}) does not match the name on the URL (${name})`);
  }
  if (sent.namespace && sent.namespace !== namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  if (sent.uid && sent.uid !== uid) {
    throw conflict(type, name, `Precondition failed: UID in precondition: ${sent.uid}, UID in object meta: ${uid}`);
  }
  if (sent.resourceVersion && sent.resourceVersion !== resourceVersion) throw conflict(type, name);
  if (!isDeepStrictEqual(sent.finalizers ?? [], finalizers ?? [])) {
    throw invalid(type, name, [
      {
        reason: "FieldValueForbidden",
        message: "Forbidden: the Kubernetes stand-in does not model finalizers of clients",
        field: "metadata.finalizers",
      },
    ]);
  }
}

function requireMutable(type: ResourceType, current: ApiObject, next: ApiObject): void {
  const causes = changedFields(type.immutable(current), type.immutable(next), "").map((field): Cause => ({
    reason: "FieldValueInvalid",
    message: "Invalid value: field is immutable",
    field,
  }));
  if (causes.length > 0) throw invalid(type, current.metadata.name, causes);
}

/** The names of the fields, two levels deep, in which the two differ. */
function changedFields(before: unknown, after: unknown, path: string): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isRecord(before) || !isRecord(after) || path.includes(".")) return [path];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => changedFields(before[key], after[key], path === "" ? key : `${path}.${key}`));
}

import { randomInt, randomUUID } from "node:crypto";
import { namespaces } from "../resources/namespace.ts";
import { type ApiObject, type ManagedFields, type ObjectMeta, timestamp } from "../resources/objects.ts";
import type { ResourceType } from "../resources/resourceType.ts";
import type { Store } from "../store/store.ts";
import { admit } from "./admission.ts";
import { type DecodedObject, decodeObject } from "./decode.ts";
import { alreadyExists, badRequest, forbidden, invalid, notFound } from "./statusError.ts";

export interface WriteOptions {
  /** The object is only checked. */
  dryRun?: boolean;
  /** Who has applied which fields; as it was if it is not given. */
  managedFields?: ManagedFields[];
}

/**
 * Creates the object that a client sent, and returns it as stored.
 * @throws StatusError as the API server would.
 */
export function createObject<T extends ApiObject>(
  store: Store,
  type: ResourceType<T>,
  namespace: string | undefined,
  input: unknown,
  { dryRun = false, managedFields }: WriteOptions = {},
): T {
  const decoded = decodeObject(type, input);
  requireSameNamespace(decoded, namespace);
  const name = nameFor(type, decoded.metadata);
  if (namespace !== undefined) requireActiveNamespace(store, type, namespace, name);
  if (store.get(type, namespace, name)) throw alreadyExists(type, name);
  requireNoFinalizers(type, name, decoded.metadata);
  const metadata = { ...newMetadata(decoded, name, namespace), managedFields };
  // The schema let it in, and its metadata is complete: prepareForCreate adds the status.
  const object = type.prepareForCreate({ ...decoded, metadata } as T);
  admit(store, type, object);
  return dryRun ? object : store.put(type, object);
}

function newMetadata({ metadata, spec }: DecodedObject, name: string, namespace: string | undefined): ObjectMeta {
  const { labels, annotations, ownerReferences, generateName: prefix } = metadata;
  return {
    name,
    generateName: prefix,
    namespace,
    uid: randomUUID(),
    resourceVersion: "",
    generation: spec === undefined ? undefined : 1,
    creationTimestamp: timestamp(),
    labels,
    annotations,
    ownerReferences,
  };
}

// Letters and digits that do not make words, as the API server has them.
const suffixAlphabet = "bcdfghjklmnpqrstvwxz2456789";

/** A name as the API server makes it from `generateName`. */
export function generateName(prefix: string): string {
  return prefix + Array.from({ length: 5 }, () => suffixAlphabet[randomInt(suffixAlphabet.length)]).join("");
}

type NamedType = Pick<ResourceType, "id" | "group" | "kind" | "plural" | "nameRule">;

function nameFor(type: NamedType, { name, generateName: prefix }: Partial<ObjectMeta>): string {
  const chosen = name || (prefix && generateName(prefix));
  if (!chosen) {
    throw invalid(type, "", [
      {
        reason: "FieldValueRequired",
        message: "Required value: name or generateName is required",
        field: "metadata.name",
      },
    ]);
  }
  const checked = type.nameRule.safeParse(chosen);
  if (checked.success) return chosen;
  throw invalid(
    type,
    chosen,
    checked.error.issues.map((issue) => ({
      reason: "FieldValueInvalid",
      message: `Invalid value: ${JSON.stringify(chosen)}: ${issue.message}`,
      field: "metadata.name",
    })),
  );
}

function requireSameNamespace({ metadata }: DecodedObject, namespace: string | undefined): void {
  if (metadata.namespace && metadata.namespace !== (namespace ?? "")) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
}

function requireActiveNamespace(store: Store, type: NamedType, namespace: string, name: string): void {
  const found = store.get(namespaces, undefined, namespace);
  if (!found) throw notFound(namespaces, namespace);
  if (found.status.phase === "Terminating") {
    throw forbidden(
      type,
      name,
      `unable to create new content in namespace ${namespace} because it is being terminated`,
    );
  }
}

function requireNoFinalizers(type: NamedType, name: string, { finalizers }: Partial<ObjectMeta>): void {
  if (!finalizers?.length) return;
  const message = "Forbidden: the Kubernetes stand-in does not model finalizers of clients";
  throw invalid(type, name, [{ reason: "FieldValueForbidden", message, field: "metadata.finalizers" }]);
}

import { isDeepStrictEqual } from "node:util";
import { type ApiObject, type FieldSet, type ManagedFields, timestamp } from "../resources/objects.ts";
import { apiVersionOf, type ResourceType } from "../resources/resourceType.ts";
import { isRecord, withoutNulls } from "./decode.ts";
import { contestedFields, fieldSetOf, removeFields, setFields, withoutFields } from "./fieldSets.ts";
import { badRequest, StatusError } from "./statusError.ts";

export interface Application {
  /** The object as it is to be, before defaults. */
  object: Record<string, unknown>;
  managedFields: ManagedFields[];
}

/**
 * What server-side apply makes of an object, or of none: what the manager applied before and no longer does goes, unless
 * another manager applied it too; what it applies is set. Only appliers own fields here: what is changed by other means is
 * nobody's; what is applied by force is its manager's alone. https://kubernetes.io/docs/reference/using-api/server-side-apply/
 * @throws StatusError 400 without a manager; 409 when another manager's field would be changed, unless it is forced.
 */
export function applyConfiguration(
  type: ResourceType,
  current: ApiObject | undefined,
  input: unknown,
  { manager, force }: { manager: string | null; force: boolean },
): Application {
  if (!isRecord(input)) throw badRequest("an applied configuration must be an object");
  if (!manager)
    throw badRequest("PatchOptions.meta.k8s.io is invalid: fieldManager: Required value: is required for apply patch");
  const configuration = configurationOf(input);
  const set = fieldSetOf(configuration);
  const all = current?.metadata.managedFields ?? [];
  const mine = all.find((each) => each.manager === manager);
  const others = all.filter((each) => each !== mine);
  if (!force) requireUncontested(others, set, current, configuration);

  const object = structuredClone(current ?? {}) as Record<string, unknown>;
  const kept = others.map((each) => each.fieldsV1);
  if (mine) removeFields(object, withoutFields(mine.fieldsV1, set), kept);
  const theirs = force ? others.map((each) => ({ ...each, fieldsV1: withoutFields(each.fieldsV1, set) })) : others;
  return {
    object: setFields(object, configuration),
    managedFields: [
      ...theirs.filter((each) => Object.keys(each.fieldsV1).length > 0),
      entryOf(type, manager, set, mine),
    ],
  };
}

/** Without what only the API server sets, and what clients send as null. */
function configurationOf(input: Record<string, unknown>): Record<string, unknown> {
  const { status: _status, ...configuration } = withoutNulls(input) as Record<string, unknown>;
  if (!isRecord(configuration["metadata"])) return configuration;
  const { managedFields, creationTimestamp: _created, ...metadata } = configuration["metadata"];
  if (managedFields !== undefined && (managedFields as unknown[]).length > 0) {
    throw badRequest("metadata.managedFields must be nil");
  }
  return { ...configuration, metadata };
}

function requireUncontested(
  others: readonly ManagedFields[],
  set: FieldSet,
  current: ApiObject | undefined,
  configuration: Record<string, unknown>,
): void {
  const conflicts = others.flatMap(({ manager, fieldsV1 }) =>
    contestedFields(set, fieldsV1, current, configuration).map((field) => ({ manager, field })),
  );
  if (conflicts.length === 0) return;
  const causes = conflicts.map(({ manager, field }) => ({
    reason: "FieldManagerConflict" as const,
    message: `conflict with ${JSON.stringify(manager)}`,
    field,
  }));
  const list = causes.map(({ message, field }) => `${message}: ${field}`).join(", ");
  const count = conflicts.length === 1 ? "1 conflict" : `${conflicts.length} conflicts`;
  throw new StatusError(409, "Conflict", `Apply failed with ${count}: ${list}`, { causes });
}

/** An entry is as old as what it says. */
function entryOf(
  type: ResourceType,
  manager: string,
  fieldsV1: FieldSet,
  old: ManagedFields | undefined,
): ManagedFields {
  const unchanged = old && isDeepStrictEqual(old.fieldsV1, fieldsV1);
  if (unchanged) return old;
  const apiVersion = apiVersionOf(type);
  return { manager, operation: "Apply", apiVersion, time: timestamp(), fieldsType: "FieldsV1", fieldsV1 };
}

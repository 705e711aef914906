import { isDeepStrictEqual } from "node:util";
import type { FieldSet } from "../resources/objects.ts";
import { isRecord } from "./decode.ts";
import { isKeyed, keyOf } from "./listKeys.ts";

// Sets of fields, in the form that `managedFields` has them:
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management

/** The fields that a configuration sets. */
export function fieldSetOf(configuration: Record<string, unknown>): FieldSet {
  const { apiVersion: _version, kind: _kind, ...fields } = configuration;
  const { name: _name, namespace: _namespace, ...metadata } = isRecord(fields["metadata"]) ? fields["metadata"] : {};
  delete fields["metadata"];
  return setOf({ ...fields, ...(Object.keys(metadata).length > 0 && { metadata }) });
}

function setOf(value: Record<string, unknown>): FieldSet {
  return Object.fromEntries(
    Object.entries(value).map(([field, inner]): [string, FieldSet] => [`f:${field}`, childrenOf(field, inner)]),
  );
}

function childrenOf(field: string, value: unknown): FieldSet {
  if (isRecord(value)) return setOf(value);
  if (!Array.isArray(value) || !isKeyed(field, value)) return {};
  return Object.fromEntries(
    value.map((item: Record<string, unknown>) => [keyOf(field, item)!, { ".": {}, ...setOf(item) }]),
  );
}

/** Sets the fields of a configuration in an object; lists whose items have keys are changed item by item. */
export function setFields(target: unknown, configuration: Record<string, unknown>): Record<string, unknown> {
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(configuration)) {
    if (isRecord(value)) result[field] = setFields(result[field], value);
    else if (Array.isArray(value) && isKeyed(field, value)) result[field] = setItems(field, result[field], value);
    else result[field] = value;
  }
  return result;
}

/** The items of a configuration, in its order, and those that somebody else has in the list. */
function setItems(field: string, target: unknown, items: Record<string, unknown>[]): unknown[] {
  const current = new Map((Array.isArray(target) ? target : []).map((item: unknown) => [keyOf(field, item), item]));
  const applied = items.map((item) => {
    const key = keyOf(field, item);
    const merged = setFields(current.get(key), item);
    current.delete(key);
    return merged;
  });
  return [...applied, ...current.values()];
}

/** Removes from an object the fields of a set, but for those that are in one of the sets to keep. */
export function removeFields(target: Record<string, unknown>, set: FieldSet, keep: readonly FieldSet[]): void {
  for (const [part, inner] of Object.entries(set)) {
    const kept = keep.map((each) => each[part]).filter((each) => each !== undefined);
    const field = part.slice(2);
    const value = target[field];
    if (!part.startsWith("f:") || value === undefined) continue;
    if (Array.isArray(value) && Object.keys(inner).length > 0) removeItems(target, field, inner, kept);
    else if (isRecord(value) && Object.keys(inner).length > 0) {
      const copy = { ...value };
      removeFields(copy, inner, kept);
      if (Object.keys(copy).length > 0 || kept.length > 0) target[field] = copy;
      else delete target[field];
    } else if (kept.length === 0) delete target[field];
  }
}

function removeItems(target: Record<string, unknown>, field: string, set: FieldSet, keep: readonly FieldSet[]): void {
  const items = (target[field] as unknown[]).flatMap((item) => {
    const key = keyOf(field, item);
    const inner = key === undefined ? undefined : set[key];
    if (!inner) return [item];
    const kept = keep.map((each) => each[key!]).filter((each) => each !== undefined);
    if (inner["."] && kept.length === 0) return [];
    const copy = { ...(item as Record<string, unknown>) };
    removeFields(copy, inner, kept);
    return [copy];
  });
  if (items.length > 0) target[field] = items;
  else delete target[field];
}

/** A field as people name it, and its value in an object. */
interface Leaf {
  path: string;
  value: unknown;
}

/** The fields that are in both sets, and are set to something else by the configuration than in the object. */
export function contestedFields(
  set: FieldSet,
  other: FieldSet,
  object: unknown,
  configuration: unknown,
  path = "",
): string[] {
  return Object.entries(set).flatMap(([part, inner]) => {
    const theirs = other[part];
    if (part === "." || theirs === undefined) return [];
    const now = childOf(object, part, path);
    const wanted = childOf(configuration, part, path);
    if (Object.keys(inner).length > 0) return contestedFields(inner, theirs, now.value, wanted.value, now.path);
    // An empty object is set by being there, whatever is in it.
    const isSame = isRecord(wanted.value) ? isRecord(now.value) : isDeepStrictEqual(now.value, wanted.value);
    return isSame ? [] : [now.path];
  });
}

function childOf(parent: unknown, part: string, path: string): Leaf {
  if (part.startsWith("f:")) {
    const field = part.slice(2);
    return { path: `${path}.${field}`, value: isRecord(parent) ? parent[field] : undefined };
  }
  const field = path.slice(path.lastIndexOf(".") + 1);
  const item = Array.isArray(parent) ? parent.find((each: unknown) => keyOf(field, each) === part) : undefined;
  const keys = Object.entries(JSON.parse(part.slice(2)) as Record<string, unknown>);
  return { path: `${path}[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(",")}]`, value: item };
}

/** A set without the fields of another. */
export function withoutFields(set: FieldSet, other: FieldSet): FieldSet {
  return Object.fromEntries(
    Object.entries(set).flatMap(([part, inner]): [string, FieldSet][] => {
      const theirs = other[part];
      if (theirs === undefined) return [[part, inner]];
      const rest = withoutFields(inner, theirs);
      return Object.keys(rest).length > 0 ? [[part, rest]] : [];
    }),
  );
}

import { isRecord } from "./decode.ts";
import { isKeyed, keyOf, keysOf } from "./listKeys.ts";
import { badRequest } from "./statusError.ts";

/** Says in which order a client wants the items of a list, which here stay where they are and come at the end. */
const orderDirective = "$setElementOrder/";
const deleteDirective = "$deleteFromPrimitiveList/";

/**
 * An object with a strategic merge patch applied: a merge patch that changes lists item by item, by the items' keys.
 * https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
 * @throws StatusError 400 for a directive that is not modelled.
 */
export function strategicMerge(target: unknown, patch: Record<string, unknown>): unknown {
  const { $patch: directive, $retainKeys: retained, ...changes } = patch;
  if (directive === "replace") return changes;
  if (directive !== undefined && directive !== "merge")
    throw badRequest(`$patch: ${JSON.stringify(directive)} is misplaced`);
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  if (Array.isArray(retained)) {
    for (const key of Object.keys(result)) if (!retained.includes(key)) delete result[key];
  }
  for (const [key, value] of Object.entries(changes)) {
    if (key.startsWith(orderDirective)) continue;
    if (key.startsWith(deleteDirective)) deletePrimitives(result, key.slice(deleteDirective.length), value);
    else if (key.startsWith("$")) throw badRequest(`the Kubernetes stand-in does not model the directive ${key}`);
    else if (value === null) delete result[key];
    else if (isRecord(value) && value["$patch"] === "delete") delete result[key];
    else if (isRecord(value)) result[key] = strategicMerge(result[key], value);
    else result[key] = Array.isArray(value) ? mergeLists(key, result[key], value) : value;
  }
  return result;
}

function deletePrimitives(result: Record<string, unknown>, key: string, values: unknown): void {
  const list = result[key];
  if (Array.isArray(list) && Array.isArray(values)) result[key] = list.filter((each) => !values.includes(each));
}

/** A list whose items have no keys is replaced as a whole, but for finalizers, which are a set. */
function mergeLists(field: string, target: unknown, patch: readonly unknown[]): unknown[] {
  const current: unknown[] = Array.isArray(target) ? target : [];
  if (field === "finalizers") return [...new Set([...current, ...patch])];
  if (patch.some((item) => isRecord(item) && item["$patch"] === "replace" && Object.keys(item).length === 1)) {
    return patch.filter((item) => !isRecord(item) || item["$patch"] === undefined);
  }
  if (!isKeyed(field, patch)) return [...patch];
  const items = new Map(current.map((item) => [keyOf(field, item) ?? JSON.stringify(item), item]));
  for (const change of patch as Record<string, unknown>[]) {
    const key = keyOf(field, change)!;
    if (change["$patch"] === "delete") items.delete(key);
    else items.set(key, strategicMerge(items.get(key) ?? keysOf(field, change), change));
  }
  return [...items.values()];
}

import { isRecord } from "./decode.ts";

/** By which of its fields an item of a list is told from the others, for lists whose items have names. The API's own: */
const keysOfLists: Readonly<Record<string, readonly string[]>> = {
  // https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ ("merge strategy: map, will be merged on unique keys")
  containers: ["name"],
  env: ["name"],
  imagePullSecrets: ["name"],
  listeners: ["name"],
  ownerReferences: ["uid"],
  topologySpreadConstraints: ["topologyKey", "whenUnsatisfiable"],
  volumes: ["name"],
  volumeMounts: ["mountPath"],
};

/** Ports of a container have another key than those of a Service, and a protocol that may be left out. */
const portKeys = ["containerPort", "port"];

/**
 * What tells an item from the others of the list that a field holds: its keys with their values, or undefined when the
 * list is only changed as a whole.
 */
export function keysOf(field: string, item: unknown): Record<string, unknown> | undefined {
  if (!isRecord(item)) return undefined;
  if (field === "ports") {
    const key = portKeys.find((each) => item[each] !== undefined);
    return key === undefined ? undefined : { [key]: item[key], protocol: item["protocol"] ?? "TCP" };
  }
  const names = Object.hasOwn(keysOfLists, field) ? keysOfLists[field] : undefined;
  if (!names || names.some((name) => item[name] === undefined)) return undefined;
  return Object.fromEntries(names.map((name) => [name, item[name]]));
}

/** The same as text, in the form that sets of fields have. */
export function keyOf(field: string, item: unknown): string | undefined {
  const keys = keysOf(field, item);
  return keys && `k:${JSON.stringify(keys)}`;
}

/** Whether every item of a list can be told from the others. */
export function isKeyed(field: string, list: readonly unknown[]): boolean {
  return list.length > 0 && list.every((item) => keysOf(field, item) !== undefined);
}

import { once } from "node:events";
import { type ConfigMap, configMaps } from "../resources/configMap.ts";
import type { ApiObject } from "../resources/objects.ts";
import type { Pod } from "../resources/pod.ts";
import { type Secret, secrets } from "../resources/secret.ts";
import type { Store } from "../store/store.ts";

/** Thrown when a pod refers to a secret, a config map or a key that is not there; its message says to which. */
export class MissingReferenceError extends Error {
  override name = "MissingReferenceError";
}

type Kind = "secret" | "configmap";

/** The values of a secret or a config map by their keys, or undefined when it is not there and need not be. */
export function valuesOf(
  store: Store,
  { metadata }: Pod,
  kind: Kind,
  { name, optional }: { name: string; optional?: boolean | undefined },
): Map<string, Buffer> | undefined {
  const collection = kind === "secret" ? secrets : configMaps;
  const found = store.get<ApiObject>(collection, metadata.namespace, name);
  if (found) return new Map(kind === "secret" ? secretValues(found as Secret) : configMapValues(found));
  if (optional) return undefined;
  throw new MissingReferenceError(`${kind} "${name}" not found`);
}

const secretValues = ({ data = {} }: Secret) =>
  Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64")] as const);

function configMapValues({ data = {}, binaryData = {} }: ConfigMap) {
  const binary = Object.entries(binaryData).map(([key, value]) => [key, Buffer.from(value, "base64")] as const);
  return [...Object.entries(data).map(([key, value]) => [key, Buffer.from(value)] as const), ...binary];
}

/**
 * What `resolve` finds, as soon as everything is there that it refers to. Whenever something is missing `onMissing` is
 * told, and all is tried again when a secret or a config map has changed.
 * @throws the signal's reason when it is aborted first.
 */
export async function untilResolved<T>(
  store: Store,
  resolve: () => T,
  onMissing: (problem: string) => void,
  signal: AbortSignal,
): Promise<T> {
  const changes = new EventTarget();
  const unsubscribe = store.subscribe(({ collection }) => {
    if (collection.id === secrets.id || collection.id === configMaps.id) changes.dispatchEvent(new Event("change"));
  });
  try {
    for (;;) {
      signal.throwIfAborted();
      try {
        return resolve();
      } catch (error) {
        if (!(error instanceof MissingReferenceError)) throw error;
        onMissing(error.message);
      }
      await once(changes, "change", { signal });
    }
  } finally {
    unsubscribe();
  }
}

import type { ApiObject } from "../resources/objects.ts";
import type { ResourceType } from "../resources/resourceType.ts";

/** Whether a client, as `kubectl get` does, asks for rows to print: https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables */
export function wantsTable(accept: string | undefined): boolean {
  return /application\/json;\s*as=Table/.test(accept ?? "");
}

/** Objects as rows for people. `includeObject` (query of the same name) says what of each object goes along. */
export function tableOf(
  type: ResourceType,
  objects: readonly ApiObject[],
  metadata: object,
  includeObject: string | null,
): object {
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata,
    columnDefinitions: type.columns.definitions.map((column) => ({
      format: "",
      description: "",
      priority: 0,
      ...column,
    })),
    rows: objects.map((object) => ({
      cells: type.columns.cells(object, ageOf(object)),
      object: included(object, includeObject),
    })),
  };
}

function included(object: ApiObject, includeObject: string | null): object | null {
  if (includeObject === "None") return null;
  if (includeObject === "Object") return object;
  return { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: object.metadata };
}

/** How long ago, in the two largest units that kubectl would print. */
function ageOf(object: ApiObject): string {
  const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(object.metadata.creationTimestamp)) / 1000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return seconds % 60 ? `${minutes}m${seconds % 60}s` : `${minutes}m`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}

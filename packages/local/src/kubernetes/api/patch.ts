import { isRecord } from "./decode.ts";
import { badRequest } from "./statusError.ts";
import { strategicMerge } from "./strategicMerge.ts";

export const patchTypes = {
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  json: "application/json-patch+json",
} as const;

/** The media type of server-side apply, whose body is YAML or JSON. */
export const applyType = "application/apply-patch+yaml";

/**
 * An object with a patch applied. https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/
 * @throws StatusError 400 for a patch that is none, or needs more than is modelled.
 */
export function applyPatch(object: unknown, mediaType: string, patch: unknown): unknown {
  switch (mediaType) {
    case patchTypes.merge:
      if (!isRecord(patch)) throw badRequest("a merge patch must be a JSON object");
      return mergePatch(object, patch);
    case patchTypes.strategic:
      if (!isRecord(patch)) throw badRequest("a strategic merge patch must be a JSON object");
      return strategicMerge(object, patch);
    default:
      return jsonPatch(object, patch);
  }
}

/** RFC 7386. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

/** RFC 6902, without `move` and `copy`. */
function jsonPatch(object: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest("a JSON patch must be a list of operations");
  const root = { document: structuredClone(object) };
  for (const operation of patch as unknown[]) {
    if (!isRecord(operation) || typeof operation["path"] !== "string") {
      throw badRequest("an operation of a JSON patch must be an object with a path");
    }
    applyOperation(root, operation as { op: unknown; path: string; value?: unknown });
  }
  return root.document;
}

function applyOperation(
  root: { document: unknown },
  { op, path, value }: { op: unknown; path: string; value?: unknown },
) {
  const keys = ["document", ...path.split("/").slice(1).map(unescapePointer)];
  const last = keys.pop()!;
  let parent: unknown = root;
  for (const key of keys) parent = isRecord(parent) || Array.isArray(parent) ? childOf(parent, key) : undefined;
  if (!isRecord(parent) && !Array.isArray(parent)) throw badRequest(`the JSON patch's path ${path} does not exist`);
  const exists = childOf(parent, last) !== undefined;
  if (op !== "add" && !exists) throw badRequest(`the JSON patch's path ${path} does not exist`);
  switch (op) {
    case "test":
      if (JSON.stringify(childOf(parent, last)) !== JSON.stringify(value)) {
        throw badRequest(`the JSON patch's test of ${path} failed`);
      }
      return;
    case "remove":
      if (Array.isArray(parent)) parent.splice(Number(last), 1);
      else delete parent[last];
      return;
    case "replace":
      setChild(parent, last, value);
      return;
    case "add":
      if (Array.isArray(parent)) parent.splice(last === "-" ? parent.length : Number(last), 0, value);
      else setChild(parent, last, value);
      return;
    default:
      throw badRequest(`the Kubernetes stand-in does not model the JSON patch operation ${JSON.stringify(op)}`);
  }
}

type Parent = Record<string, unknown> | unknown[];

const childOf = (parent: Parent, key: string): unknown =>
  Object.hasOwn(parent, key) ? (parent as Record<string, unknown>)[key] : undefined;

function setChild(parent: Parent, key: string, value: unknown): void {
  Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
}

const unescapePointer = (part: string) => part.replaceAll("~1", "/").replaceAll("~0", "~");

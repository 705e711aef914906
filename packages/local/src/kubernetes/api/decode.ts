import type * as z from "zod";
import type { ApiObject, ObjectMeta } from "../resources/objects.ts";
import { apiVersionOf, type ResourceType } from "../resources/resourceType.ts";
import { badRequest, type Cause, invalid, StatusError } from "./statusError.ts";

type Decodable = Pick<ResourceType, "id" | "group" | "version" | "kind" | "plural" | "schema">;

/** An object that its type's schema let in; what the API server itself sets is not to be relied on yet. */
export type DecodedObject = Omit<ApiObject, "metadata"> & { metadata: Partial<ObjectMeta> };

/**
 * An object as a client may send it: of the right type, with no field that the stand-in does not model, with defaults.
 * A `status` is dropped, as the API server drops it.
 * @throws StatusError 400 for what is no such object, 422 naming every field that is wrong.
 */
export function decodeObject(type: Decodable, input: unknown): DecodedObject {
  if (!isRecord(input)) throw badRequest("the body of the request must be a JSON object");
  const { status: _dropped, ...body } = withoutNulls(input) as Record<string, unknown>;
  const object = { apiVersion: apiVersionOf(type), kind: type.kind, metadata: {}, ...body };
  requireType(type, object);
  const result = type.schema.safeParse(object, { reportInput: true });
  if (result.success) return result.data as DecodedObject;
  const wrongJson = result.error.issues.find((issue) => issue.code === "invalid_type" && issue.input !== undefined);
  if (wrongJson) {
    throw badRequest(
      `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: ${fieldOf(wrongJson.path)}: ${wrongJson.message}`,
    );
  }
  throw invalid(type, nameOf(object), result.error.issues.flatMap(causesOf));
}

function requireType(type: Decodable, object: { apiVersion: unknown; kind: unknown }): void {
  const apiVersion = apiVersionOf(type);
  if (object.apiVersion !== apiVersion) {
    throw badRequest(
      `the API version in the data (${String(object.apiVersion)}) does not match the expected API version (${apiVersion})`,
    );
  }
  if (object.kind !== type.kind) {
    throw new StatusError(
      400,
      "BadRequest",
      `${String(object.kind)} in version "${type.version}" cannot be handled as a ${type.kind}`,
    );
  }
}

function causesOf(issue: z.core.$ZodIssue): Cause[] {
  const field = fieldOf(issue.path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({
        reason: "FieldValueForbidden",
        message: "Forbidden: the Kubernetes stand-in does not model this field",
        field: fieldOf([...issue.path, key]),
      }));
    case "invalid_type":
      return [{ reason: "FieldValueRequired", message: "Required value", field }];
    case "invalid_value": {
      const supported = `supported values: ${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
      return issue.input === undefined
        ? [{ reason: "FieldValueRequired", message: `Required value: ${supported}`, field }]
        : [
            {
              reason: "FieldValueNotSupported",
              message: `Unsupported value: ${shown(issue.input)}: ${supported}`,
              field,
            },
          ];
    }
    case "invalid_key":
      return issue.issues.map((each) => ({
        reason: "FieldValueInvalid",
        message: `Invalid value: ${shown(issue.path.at(-1))}: ${each.message}`,
        field,
      }));
    case "invalid_format":
    case "invalid_union":
    case "invalid_element":
    case "too_big":
    case "too_small":
    case "not_multiple_of":
    case "custom":
      return [
        { reason: "FieldValueInvalid", message: `Invalid value: ${shown(issue.input)}: ${issue.message}`, field },
      ];
  }
}

/** A value as far as it helps; never a whole object, which may hold a secret. */
function shown(value: unknown): string {
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "[…]" : "{…}";
  return JSON.stringify(value)?.slice(0, 200) ?? "null";
}

/** `spec.containers[0].image` */
function fieldOf(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${String(part)}`))
    .join("");
}

function nameOf(object: Record<string, unknown>): string {
  const metadata = object["metadata"];
  return isRecord(metadata) && typeof metadata["name"] === "string" ? metadata["name"] : "";
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The API reads null as absent; clients written in Go send `creationTimestamp: null`. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isRecord(value)) return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutNulls(inner)]));
}

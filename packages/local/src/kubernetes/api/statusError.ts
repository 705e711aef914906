import type { ResourceType } from "../resources/resourceType.ts";

/** Why a field of an object is refused: https://github.com/kubernetes/apimachinery/blob/master/pkg/apis/meta/v1/types.go */
export interface Cause {
  reason:
    | "FieldValueRequired"
    | "FieldValueInvalid"
    | "FieldValueNotSupported"
    | "FieldValueForbidden"
    | "FieldValueTooLong"
    | "ResourceVersionTooLarge"
    | "FieldManagerConflict"
    | "DisruptionBudget";
  /** Without the field's name, for example `Required value`. */
  message: string;
  field: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: Cause[];
  retryAfterSeconds?: number;
}

/** The body of every answer that is no object. */
export interface Status {
  kind: "Status";
  apiVersion: "v1";
  metadata: Record<string, never>;
  status: "Success" | "Failure";
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code: number;
}

/** A refusal, as the API server words it. */
export class StatusError extends Error {
  override name = "StatusError";
  readonly status: Status;
  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    super(message);
    this.status = {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message,
      reason,
      ...(details && { details }),
      code,
    };
  }
}

type Named = Pick<ResourceType, "group" | "plural" | "id" | "kind">;

const detailsOf = (type: Named, name: string | undefined): StatusDetails => ({
  ...(name && { name }),
  ...(type.group && { group: type.group }),
  kind: type.plural,
});

export const unauthorized = () => new StatusError(401, "Unauthorized", "Unauthorized");

export const badRequest = (message: string) => new StatusError(400, "BadRequest", message);

export const forbidden = (type: Named, name: string | undefined, why: string) =>
  new StatusError(
    403,
    "Forbidden",
    `${type.id}${name ? ` "${name}"` : ""} is forbidden: ${why}`,
    detailsOf(type, name),
  );

export const notFound = (type: Named, name: string) =>
  new StatusError(404, "NotFound", `${type.id} "${name}" not found`, detailsOf(type, name));

export const methodNotAllowed = () =>
  new StatusError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {});

export const alreadyExists = (type: Named, name: string) =>
  new StatusError(409, "AlreadyExists", `${type.id} "${name}" already exists`, detailsOf(type, name));

export const conflict = (
  type: Named,
  name: string,
  why = "the object has been modified; please apply your changes to the latest version and try again",
) =>
  new StatusError(
    409,
    "Conflict",
    `Operation cannot be fulfilled on ${type.id} "${name}": ${why}`,
    detailsOf(type, name),
  );

/** In a watch this is the object of an ERROR event. */
export const expired = (revision: number, oldest: number) =>
  new StatusError(410, "Expired", `too old resource version: ${revision} (${oldest})`);

export const unsupportedMediaType = (accepted: string) =>
  new StatusError(
    415,
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
  );

export function invalid(type: Named, name: string, causes: Cause[]): StatusError {
  const sentences = causes.map((cause) => `${cause.field}: ${cause.message}`);
  const list = sentences.length === 1 ? sentences[0] : `[${sentences.join(", ")}]`;
  const kind = type.group ? `${type.kind}.${type.group}` : type.kind;
  return new StatusError(422, "Invalid", `${kind} "${name}" is invalid: ${list}`, {
    name,
    ...(type.group && { group: type.group }),
    kind: type.kind,
    causes,
  });
}

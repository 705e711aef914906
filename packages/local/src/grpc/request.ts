import * as z from "zod";
import { StatusError } from "./statusError.ts";

/** Fields that hold a user's own keys and values, in which an empty value is one. */
const mapFields = new Set(["headers", "labels"]);

/**
 * Reads a request by the schema of what is modelled, made of strict objects.
 * @throws StatusError UNIMPLEMENTED for a field that is not in the schema, so that a stand-in never agrees to what it
 * does not do; INVALID_ARGUMENT for a value that is wrong.
 */
export function parseRequest<Schema extends z.ZodType>(schema: Schema, request: unknown): z.output<Schema> {
  const result = schema.safeParse(withoutDefaults(request));
  if (result.success) return result.data;
  const unmodelled = result.error.issues
    .filter((issue) => issue.code === "unrecognized_keys")
    .flatMap((issue) => issue.keys.map((key) => [...issue.path, key].join(".")));
  if (unmodelled.length > 0) {
    throw new StatusError("UNIMPLEMENTED", `this stand-in does not model ${unmodelled.join(", ")}: leave it out`);
  }
  const problems = result.error.issues.map((issue) => `${issue.path.join(".") || "request"}: ${issue.message}`);
  throw new StatusError("INVALID_ARGUMENT", problems.join("; "));
}

/** In proto3 a scalar that has its default value is a scalar that is not set: https://protobuf.dev/programming-guides/field_presence/ */
function withoutDefaults(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDefaults);
  if (typeof value !== "object" || value === null || Buffer.isBuffer(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => !isDefault(field))
      .map(([name, field]) => [name, mapFields.has(name) ? field : withoutDefaults(field)]),
  );
}

function isDefault(field: unknown): boolean {
  if (typeof field === "string") return field === "" || /^[A-Z][A-Z0-9_]*_UNSPECIFIED$/.test(field);
  if (Buffer.isBuffer(field) || Array.isArray(field)) return field.length === 0;
  return field === 0 || field === false || field === null || field === undefined;
}

/** A resource name that a pattern with a group for each of its identifiers matches. */
export const resourceName = (pattern: RegExp, form: string) =>
  z.string({ error: "is required" }).regex(pattern, `must have the form ${form}`);

export const bytes = z.instanceof(Buffer);

/** The fields of every request for a list. */
export const pageFields = { pageSize: z.number().nonnegative().optional(), pageToken: z.string().optional() };

/** google.protobuf.FieldMask; the names of its fields are in snake case. */
export const fieldMask = z
  .strictObject({ paths: z.array(z.string()).optional() })
  .transform(({ paths }) => paths ?? []);

import * as z from "zod";

/** A UUID in the one form that databases and URLs give back. */
export const uuid = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, "must be a UUID in lower case")
  .meta({ format: "uuid" });

/** A time as answers have it: RFC 3339 in UTC. */
export const time = z.iso.datetime();

/**
 * Text that a program and the database take as it is: a NUL byte can be passed to no program and PostgreSQL's text holds
 * none, and half a surrogate pair is not Unicode, so that encoding would change it.
 */
export const plainText = z
  .string()
  .refine((value) => !value.includes("\0"), "must not contain a NUL byte")
  .refine((value) => value.isWellFormed(), "must be well-formed Unicode");

/** Plain text of 1 to `maximum` characters. */
export const text = (maximum: number) =>
  plainText.min(1, "must not be empty").max(maximum, `must have ${maximum} characters at most`);

/** A whole number of seconds. */
export const seconds = z.int("must be a whole number of seconds");

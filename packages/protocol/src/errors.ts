import type * as z from "zod";

/** The codes of an HttpsError that the callables use: https://firebase.google.com/docs/reference/functions/2nd-gen/node/firebase-functions.https.md */
export const errorCodes = [
  "unauthenticated",
  "permission-denied",
  "invalid-argument",
  "not-found",
  "failed-precondition",
  "resource-exhausted",
  "unavailable",
  "internal",
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** What the control plane depends on, as named in `details.dependency` of `unavailable` and in `health`. */
export type Dependency = "postgres" | "kms" | "kubernetes" | "scheduler";

export interface Violation {
  field: string;
  message: string;
}

export interface ErrorDetails {
  /** With `invalid-argument`: every field that is wrong, not only the first. */
  violations?: Violation[];
  /** With `unavailable`. */
  dependency?: Dependency;
  /** With `resource-exhausted`: the name of the setting that holds the limit, and its value. */
  limit?: string;
  max?: number;
  retryAfterSeconds?: number;
}

/** The violations that a zod error stands for, one per field. */
export function violationsOf(error: z.ZodError): Violation[] {
  return error.issues.map((issue) => ({ field: issue.path.join(".") || "(input)", message: issue.message }));
}

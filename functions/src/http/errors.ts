import { type Dependency, type ErrorDetails, type Violation, violationsOf } from "@cliscale/protocol";
import { HttpsError } from "firebase-functions/https";
import * as logger from "firebase-functions/logger";
import type { z } from "zod";

/** What callers are told when something that the functions depend on fails; the cause goes to the log only. */
export class DependencyError extends Error {
  override name = "DependencyError";
  readonly dependency: Dependency;

  constructor(dependency: Dependency, cause: unknown) {
    super(`${dependency} failed`, { cause });
    this.dependency = dependency;
  }
}

/** Runs a step that depends on something outside, naming it in the error when it fails. */
export async function dependingOn<T>(dependency: Dependency, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof HttpsError || error instanceof DependencyError) throw error;
    throw new DependencyError(dependency, error);
  }
}

export function invalidArgument(error: z.ZodError): HttpsError {
  return refuseFields(violationsOf(error));
}

/** For what only a look beyond the schema can tell of a field. */
export function invalidField(field: string, message: string): HttpsError {
  return refuseFields([{ field, message }]);
}

/** A refusal that names every field that is wrong. */
export function refuseFields(violations: Violation[]): HttpsError {
  const details: ErrorDetails = { violations };
  return new HttpsError("invalid-argument", "Some fields are not valid.", details);
}

/** The one answer for a session that is not there and for one that is another user's. */
export function notFound(): HttpsError {
  return new HttpsError("not-found", "There is no such session.");
}

/** What leaves the functions: an HttpsError as it is, a failed dependency as `unavailable`, anything else as `internal`. */
export function toHttpsError(error: unknown): HttpsError {
  if (error instanceof HttpsError) return error;
  if (error instanceof DependencyError) {
    logger.error("dependency failed", { dependency: error.dependency, cause: describe(error.cause) });
    const details: ErrorDetails = { dependency: error.dependency };
    return new HttpsError(
      "unavailable",
      `${names[error.dependency]} cannot be reached. Try again in a moment.`,
      details,
    );
  }
  logger.error("internal error", { cause: describe(error) });
  return new HttpsError("internal", "Something went wrong here. Try again; if it stays so, tell the operator.");
}

const names: Record<Dependency, string> = {
  postgres: "The database",
  kms: "The signing service",
  kubernetes: "The cluster",
  scheduler: "The scheduler",
};

/** An error for the log, after what caused it. Errors of API clients carry whole requests and answers; their first line says enough. */
export function describe(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const own = text.split("\nBody:")[0]!;
  return (error instanceof DependencyError ? `${describe(error.cause)}\n${own}` : own).slice(0, 2000);
}

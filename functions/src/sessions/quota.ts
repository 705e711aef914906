import { type Admission, type AdmissionLimits, liveSessionsOf } from "@cliscale/db";
import type { ErrorDetails } from "@cliscale/protocol";
import { HttpsError } from "firebase-functions/https";
import * as logger from "firebase-functions/logger";
import type { Limits } from "../accessSettings.ts";
import type { Deps } from "../deps.ts";
import type { UserClaims } from "../http/callable.ts";
import { dependingOn, describe } from "../http/errors.ts";
import { lookAtSession } from "./observe.ts";
import { endOverdue } from "./overdue.ts";

/** A user's limits: the deployment's, but for those that the user's custom claims of the same names say otherwise. */
export function limitsFor(limits: Limits, claims: UserClaims): Limits {
  return {
    ...limits,
    sessionsPerUser: claimed(claims, "CLISCALE_SESSIONS_PER_USER", 0) ?? limits.sessionsPerUser,
    createsPerMinute: claimed(claims, "CLISCALE_CREATES_PER_MINUTE", 1) ?? limits.createsPerMinute,
  };
}

const largest = 1_000_000;

function claimed(claims: UserClaims, name: string, minimum: number): number | undefined {
  const value = claims[name];
  if (value === undefined) return undefined;
  if (Number.isInteger(value) && Number(value) >= minimum) return Math.min(Number(value), largest);
  logger.warn("a custom claim is no limit, and is not heeded", { claim: name });
  return undefined;
}

/** What may be there for one more to be admitted. A session that finds room at once has passed through the queue as well. */
export function admissionLimits({
  sessionsPerUser,
  sessionsTotal,
  queueTotal,
  createsPerMinute,
}: Limits): AdmissionLimits {
  return { perUser: sessionsPerUser, inTotal: sessionsTotal + queueTotal, createsPerMinute };
}

/** Whether a look at the caller's own sessions may make room. */
export function isCount({ outcome }: Admission): boolean {
  return outcome === "perUser" || outcome === "inTotal";
}

/** Records of a user's sessions what nobody has yet: those past their lifetime, and what has become of the pods of the others. */
export async function repairOwn(deps: Deps, ownerUid: string): Promise<void> {
  await endOverdue(deps, { ownerUid });
  const sessions = await dependingOn("postgres", () => liveSessionsOf(deps.pool, ownerUid));
  const looks = sessions.map((session) =>
    lookAtSession(deps, session).catch((error: unknown) => {
      logger.warn("no look at a session that counts", { sessionId: session.id, cause: describe(error) });
    }),
  );
  await Promise.all(looks);
}

/** What the caller is told of an admission that was refused. */
export function refusalOf(
  admission: Exclude<Admission, { outcome: "inserted" | "repeated" }>,
  limits: Limits,
): HttpsError {
  switch (admission.outcome) {
    case "revoked":
      return new HttpsError("permission-denied", "The operator has revoked your access. Ask them to restore it.");
    case "perUser":
      return exhausted("You have as many sessions as you may have at once. Stop one, then try again.", {
        limit: "CLISCALE_SESSIONS_PER_USER",
        max: limits.sessionsPerUser,
      });
    case "inTotal":
      return exhausted("So many sessions wait already that no more are taken. Try again later.", {
        limit: "CLISCALE_QUEUE_TOTAL",
        max: limits.queueTotal,
      });
    case "createsPerMinute":
      return exhausted("You have created many sessions within a minute. Wait a little, then try again.", {
        limit: "CLISCALE_CREATES_PER_MINUTE",
        max: limits.createsPerMinute,
        retryAfterSeconds: admission.retryAfterSeconds,
      });
  }
}

function exhausted(message: string, details: ErrorDetails): HttpsError {
  return new HttpsError("resource-exhausted", message, details);
}

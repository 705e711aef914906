import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { findSessionOfRequest, insertSession, type NewSession, type SessionRow } from "@cliscale/db";
import type { CreateSessionInput } from "@cliscale/protocol";
import type { Deps } from "../deps.ts";
import type { Call } from "../http/callable.ts";
import { dependingOn, invalidField } from "../http/errors.ts";
import type { SessionSettings } from "../settings.ts";
import { commandOf } from "./bundle.ts";
import { withdrawn } from "./launch.ts";
import { endOverdue } from "./overdue.ts";
import { rereadSession } from "./own.ts";
import { admissionLimits, isCount, limitsFor, refusalOf, repairOwn } from "./quota.ts";

/** 43 characters of base64url. */
const podSecretBytes = 32;

type Admitting = Pick<Call<CreateSessionInput>, "uid" | "claims" | "input">;

/**
 * The row of a new session; or, when this request has been made before, the row that it made then, whatever the limits are. What
 * a limit would refuse is tried once more after a look at the caller's own sessions.
 * @throws HttpsError `resource-exhausted` where a limit is reached.
 */
export async function admitSession(deps: Deps, { uid, claims, input }: Admitting): Promise<SessionRow> {
  const limits = limitsFor(deps.settings.limits, claims);
  const session = newSession(deps.settings, uid, input);
  const insert = () => dependingOn("postgres", () => insertSession(deps.pool, session, admissionLimits(limits)));

  let admission = await insert();
  if (admission.outcome === "inserted") return admission.session;
  const earlier = await sessionOfRequest(deps, session, input);
  if (earlier) return earlier;
  if (isCount(admission)) {
    await repairOwn(deps, uid);
    admission = await insert();
  }
  if (admission.outcome === "inserted") return admission.session;
  if (admission.outcome !== "repeated") throw refusalOf(admission, limits);
  // The same request was admitted in the meantime, or has just been taken back.
  const repeated = await sessionOfRequest(deps, session, input);
  if (!repeated) throw withdrawn();
  return repeated;
}

function newSession(settings: SessionSettings, uid: string, input: CreateSessionInput): NewSession {
  const podSecret = randomBytes(podSecretBytes).toString("base64url");
  return {
    id: randomUUID(),
    owner_uid: uid,
    request_id: input.requestId ?? randomUUID(),
    request_digest: digestOf(input, podSecret),
    bundle_source: input.bundle.source,
    bundle_sha256: input.bundle.sha256 ?? null,
    command: commandOf(settings.bundles, input.bundle, input.command),
    terminal: "runner",
    pod_secret: podSecret,
    lifetime_seconds: Math.min(input.lifetimeSeconds ?? settings.lifetimeDefaultSeconds, settings.lifetimeMaxSeconds),
    idle_seconds: input.idleSeconds ?? settings.idleDefaultSeconds,
  };
}

/** The session that the same request has made, ended where it is past its lifetime. */
async function sessionOfRequest(
  deps: Deps,
  { owner_uid: ownerUid, request_id: requestId }: NewSession,
  input: CreateSessionInput,
): Promise<SessionRow | undefined> {
  const earlier = await dependingOn("postgres", () => findSessionOfRequest(deps.pool, ownerUid, requestId));
  if (!earlier) return undefined;
  if (earlier.request_digest !== digestOf(input, earlier.pod_secret)) {
    throw invalidField("requestId", "was used before, with other input");
  }
  await endOverdue(deps, { ownerUid, sessionId: earlier.id });
  return rereadSession(deps, earlier);
}

/** Tells whether two requests ask for the same, without keeping what they ask for: `env` is kept nowhere but in the Secret. */
function digestOf({ requestId, ...input }: CreateSessionInput, key: string): string {
  return createHmac("sha256", key).update(canonicalJson(input)).digest("base64url");
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

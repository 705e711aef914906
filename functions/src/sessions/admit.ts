import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { findSessionOfRequest, insertSession, type SessionRow } from "@cliscale/db";
import type { CreateSessionInput } from "@cliscale/protocol";
import type { Deps } from "../deps.ts";
import { dependingOn, invalidField } from "../http/errors.ts";
import { commandOf } from "./bundle.ts";
import { withdrawn } from "./launch.ts";

/** 43 characters of base64url. */
const podSecretBytes = 32;

/** The row of a new session; or, when this request has been made before, the row that it made then. */
export async function admitSession(
  { pool, settings }: Deps,
  uid: string,
  input: CreateSessionInput,
): Promise<SessionRow> {
  const requestId = input.requestId ?? randomUUID();
  const podSecret = randomBytes(podSecretBytes).toString("base64url");
  return dependingOn("postgres", async () => {
    const inserted = await insertSession(pool, {
      id: randomUUID(),
      owner_uid: uid,
      request_id: requestId,
      request_digest: digestOf(input, podSecret),
      bundle_source: input.bundle.source,
      bundle_sha256: input.bundle.sha256 ?? null,
      command: commandOf(settings.bundles, input.bundle, input.command),
      terminal: "runner",
      pod_secret: podSecret,
      lifetime_seconds: Math.min(input.lifetimeSeconds ?? settings.lifetimeDefaultSeconds, settings.lifetimeMaxSeconds),
      idle_seconds: input.idleSeconds ?? settings.idleDefaultSeconds,
    });
    if (inserted) return inserted;

    const earlier = await findSessionOfRequest(pool, uid, requestId);
    if (!earlier) throw withdrawn();
    if (earlier.request_digest !== digestOf(input, earlier.pod_secret)) {
      throw invalidField("requestId", "was used before, with other input");
    }
    return earlier;
  });
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

import { randomUUID } from "node:crypto";
import { noLimits } from "@cliscale/local/testing";
import type { Pool } from "pg";
import {
  insertSession,
  markSessionPrepared,
  markSessionReady,
  type NewSession,
  startQueuedSessions,
} from "../../src/index.ts";

/** A session of Ada's that is to be inserted. */
export function newSession(changes: Partial<NewSession> = {}): NewSession {
  return {
    id: randomUUID(),
    owner_uid: "ada",
    request_id: randomUUID(),
    request_digest: "",
    bundle_source: "template:shell",
    bundle_sha256: null,
    command: null,
    terminal: "runner",
    pod_secret: "secret",
    lifetime_seconds: 600,
    idle_seconds: 0,
    ...changes,
  };
}

/** Brings a session to its terminal; resolves to its id. */
export async function makeReady(pool: Pool, session: NewSession = newSession()): Promise<string> {
  await insertSession(pool, session, noLimits);
  await markSessionPrepared(pool, session.id);
  await startQueuedSessions(pool, noLimits);
  await markSessionReady(pool, session.id, "10.0.0.1");
  return session.id;
}

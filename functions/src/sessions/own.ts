import { findSession, type SessionRow } from "@cliscale/db";
import type { SessionIdInput } from "@cliscale/protocol";
import type { Deps } from "../deps.ts";
import type { Call } from "../http/callable.ts";
import { dependingOn, notFound } from "../http/errors.ts";
import { withdrawn } from "./launch.ts";

/** The caller's session; one that does not exist and one of another user are told apart by nobody. */
export async function ownSession({ pool }: Deps, { uid, input }: Call<SessionIdInput>): Promise<SessionRow> {
  const session = await dependingOn("postgres", () => findSession(pool, uid, input.sessionId));
  if (!session) throw notFound();
  return session;
}

/** A session as it stands now. @throws HttpsError where it has been taken back since. */
export async function rereadSession({ pool }: Deps, session: SessionRow): Promise<SessionRow> {
  const row = await dependingOn("postgres", () => findSession(pool, session.owner_uid, session.id));
  if (!row) throw withdrawn();
  return row;
}

import { findSession, type SessionRow } from "@cliscale/db";
import type { SessionIdInput } from "@cliscale/protocol";
import type { Deps } from "../deps.ts";
import type { Call } from "../http/callable.ts";
import { dependingOn, notFound } from "../http/errors.ts";
import { withdrawn } from "./launch.ts";
import { endOverdue } from "./overdue.ts";

/**
 * The caller's session, ended where it is past its lifetime or idle; one that does not exist and one of another user are told apart
 * by nobody.
 */
export async function ownSession(deps: Deps, { uid, input }: Call<SessionIdInput>): Promise<SessionRow> {
  const { sessionId } = input;
  await endOverdue(deps, { ownerUid: uid, sessionId });
  const session = await dependingOn("postgres", () => findSession(deps.pool, uid, sessionId));
  if (!session) throw notFound();
  return session;
}

/** A session as it stands now. @throws HttpsError where it has been taken back since. */
export async function rereadSession({ pool }: Deps, session: SessionRow): Promise<SessionRow> {
  const row = await dependingOn("postgres", () => findSession(pool, session.owner_uid, session.id));
  if (!row) throw withdrawn();
  return row;
}

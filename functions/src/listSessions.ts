import { listSessions as findSessions } from "@cliscale/db";
import { defaultPageSize, type ListSessionsInput, type SessionList } from "@cliscale/protocol";
import type { Deps } from "./deps.ts";
import { type Call, callable } from "./http/callable.ts";
import { dependingOn } from "./http/errors.ts";
import { pageTokenOf, readPageToken } from "./http/pageToken.ts";
import { endOverdue } from "./sessions/overdue.ts";
import { sessionView } from "./sessions/view.ts";

/** A page of the caller's own sessions, newest first. */
export async function handleListSessions(deps: Deps, { uid, input }: Call<ListSessionsInput>): Promise<SessionList> {
  const { state, pageSize = defaultPageSize, pageToken } = input;
  const listing = { ownerUid: uid, state };
  const after = pageToken === undefined ? undefined : readPageToken(listing, pageToken);
  await endOverdue(deps, { ownerUid: uid });
  const { sessions, next } = await dependingOn("postgres", () =>
    findSessions(deps.pool, { ...listing, after, limit: pageSize }),
  );
  return {
    sessions: sessions.map((session) => sessionView(session, deps.settings)),
    ...(next && { nextPageToken: pageTokenOf(listing, next) }),
  };
}

export const listSessions = callable("listSessions", handleListSessions);

import type { SessionAnswer, SessionIdInput } from "@cliscale/protocol";
import type { Deps } from "./deps.ts";
import { type Call, callable } from "./http/callable.ts";
import { lookAtSession } from "./sessions/observe.ts";
import { ownSession } from "./sessions/own.ts";
import { sessionView } from "./sessions/view.ts";

/** The caller's session, after a short look at its pod. */
export async function handleGetSession(deps: Deps, call: Call<SessionIdInput>): Promise<SessionAnswer> {
  const { session } = await lookAtSession(deps, await ownSession(deps, call));
  return { session: sessionView(session, deps.settings) };
}

export const getSession = callable("getSession", handleGetSession);

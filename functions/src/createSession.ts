import type { SessionRow } from "@cliscale/db";
import type { CreateSessionInput, StartAnswer } from "@cliscale/protocol";
import type { Deps } from "./deps.ts";
import { type Call, callable } from "./http/callable.ts";
import { admitSession } from "./sessions/admit.ts";
import { requireAllowedBundle } from "./sessions/bundle.ts";
import { answerWhenReady } from "./sessions/follow.ts";
import { launchSession } from "./sessions/launch.ts";
import { requireMayStart } from "./sessions/mayStart.ts";

/** Starts a session, or joins the start that the same request made before, and answers when its terminal can be attached. */
export async function handleCreateSession(deps: Deps, call: Call<CreateSessionInput>): Promise<StartAnswer> {
  requireMayStart(deps.settings.allowedUsers, call.claims);
  requireAllowedBundle(deps.settings.bundles, call.input.bundle);
  const admitted = await admitSession(deps, call);
  const answer = (session: SessionRow) => answerWhenReady(deps, session, call);
  const isPrepared = admitted.state !== "queued" || admitted.prepared_at !== null;
  if (isPrepared) return answer(await wantedAgain(deps, admitted));
  return launchSession(deps, admitted, call.input.env ?? {}, answer);
}

/** A start that failed while the database was away, and that the sweep would take back, lives on when it is asked for again. */
async function wantedAgain({ cluster }: Deps, session: SessionRow): Promise<SessionRow> {
  const mayBeWithdrawn = session.state !== "ended" && session.last_attach_at === null;
  if (mayBeWithdrawn) await cluster.markWithdrawn(session.id, false);
  return session;
}

export const createSession = callable("createSession", handleCreateSession);

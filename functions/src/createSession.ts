import type { SessionRow } from "@cliscale/db";
import { type CreateSessionInput, createSessionInput, type StartAnswer } from "@cliscale/protocol";
import type { Deps } from "./deps.ts";
import { type Call, callable } from "./http/callable.ts";
import { admitSession } from "./sessions/admit.ts";
import { requireAllowedBundle } from "./sessions/bundle.ts";
import { answerWhenReady, waitingTimeoutSeconds } from "./sessions/follow.ts";
import { launchSession } from "./sessions/launch.ts";

/** Starts a session, or joins the start that the same request made before, and answers when its terminal can be attached. */
export async function handleCreateSession(deps: Deps, call: Call<CreateSessionInput>): Promise<StartAnswer> {
  requireAllowedBundle(deps.settings.bundles, call.input.bundle);
  const admitted = await admitSession(deps, call.uid, call.input);
  const answer = (session: SessionRow) => answerWhenReady(deps, session, call);
  return admitted.state === "queued" ? launchSession(deps, admitted, call.input.env ?? {}, answer) : answer(admitted);
}

export const createSession = callable(
  { name: "createSession", input: createSessionInput, timeoutSeconds: waitingTimeoutSeconds, checkRevoked: true },
  handleCreateSession,
);

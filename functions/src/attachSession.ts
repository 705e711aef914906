import type { SessionIdInput, StartAnswer } from "@cliscale/protocol";
import { HttpsError } from "firebase-functions/https";
import type { Deps } from "./deps.ts";
import { type Call, callable } from "./http/callable.ts";
import { answerWhenReady } from "./sessions/follow.ts";
import { ownSession } from "./sessions/own.ts";

/** Mints a fresh attach token for the caller's session, waiting for it to become ready if it is still starting. */
export async function handleAttachSession(deps: Deps, call: Call<SessionIdInput>): Promise<StartAnswer> {
  const session = await ownSession(deps, call);
  if (session.state === "ended") {
    throw new HttpsError("failed-precondition", "This session has ended. Start a new one.");
  }
  return answerWhenReady(deps, session, call);
}

export const attachSession = callable("attachSession", handleAttachSession);

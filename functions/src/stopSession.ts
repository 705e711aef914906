import { findSession, stopSession as stopIt } from "@cliscale/db";
import type { SessionAnswer, SessionIdInput } from "@cliscale/protocol";
import * as logger from "firebase-functions/logger";
import type { Deps } from "./deps.ts";
import { type Call, callable } from "./http/callable.ts";
import { dependingOn, describe } from "./http/errors.ts";
import { ownSession } from "./sessions/own.ts";
import { passOnPlace } from "./sessions/startNext.ts";
import { sessionView } from "./sessions/view.ts";

/** Ends the caller's session; one that has ended stays as it is. */
export async function handleStopSession(deps: Deps, call: Call<SessionIdInput>): Promise<SessionAnswer> {
  const session = await ownSession(deps, call);
  const current = await dependingOn("postgres", async () => {
    const stopped = await stopIt(deps.pool, session.id);
    return stopped ?? (await findSession(deps.pool, session.owner_uid, session.id)) ?? session;
  });
  // The row decides. Where the cluster does not answer now, the sweep deletes the Job.
  const deletion = deps.cluster.deleteJob(session.id).catch((error: unknown) => {
    logger.warn("the Job of a stopped session could not be deleted", { sessionId: session.id, cause: describe(error) });
  });
  await Promise.all([deletion, passOnPlace(deps)]);
  return { session: sessionView(current, deps.settings) };
}

export const stopSession = callable("stopSession", handleStopSession);

import { discardSession, findSession, type SessionRow, startSession } from "@cliscale/db";
import type { SessionState } from "@cliscale/protocol";
import { HttpsError } from "firebase-functions/https";
import * as logger from "firebase-functions/logger";
import type { Deps } from "../deps.ts";
import { dependingOn, describe } from "../http/errors.ts";
import { jobManifest, secretManifest } from "../kubernetes/jobManifest.ts";

/**
 * Brings a queued session to its start, in the one order that every session has: row → suspended Job → Secret that the Job
 * owns → state `starting`, where the row still wants it → the Job resumes; then answers. Each step may be repeated, so that a
 * request that is made twice, or again after a crash, ends with one Job. When a step fails, or the answer of the call that
 * started the session, nothing is left behind.
 */
export async function launchSession<Answer>(
  deps: Deps,
  session: SessionRow,
  env: Record<string, string>,
  answer: (launched: SessionRow) => Promise<Answer>,
): Promise<Answer> {
  const { pool, cluster, settings } = deps;
  /** The states out of which this call may take the session back: once another call has started it, it is that one's. */
  let ours: SessionState[] = ["queued"];
  try {
    const jobUid = await cluster.createJob(jobManifest(session, settings));
    await cluster.createSecret(secretManifest(session, jobUid, env, settings.bundles));
    const started = await dependingOn("postgres", () => startSession(pool, session.id));
    if (!started) return await answer(await overtaken(deps, session));
    ours = ["starting", "ready"];
    const resumed = await cluster.resumeJob(session.id);
    return await answer(resumed ? started : await overtaken(deps, session));
  } catch (error) {
    await withdraw(deps, session, ours);
    throw error;
  }
}

/** What the calls of one request are told when the one that started its session has failed, and taken it back. */
export function withdrawn(): HttpsError {
  return new HttpsError("unavailable", "An earlier call of this request has just failed. Try again.");
}

/** Another call was faster: it started the session, which is fine, or it stopped it, and then the Job must not stay. */
async function overtaken({ pool, cluster }: Deps, session: SessionRow): Promise<SessionRow> {
  const current = await dependingOn("postgres", () => findSession(pool, session.owner_uid, session.id));
  if (!current || current.state === "ended") {
    await cluster.deleteJob(session.id);
  }
  if (!current) throw withdrawn();
  return current;
}

/** The row goes first and decides: the Job of a session that lives on, because others use it, stays. */
async function withdraw({ pool, cluster }: Deps, session: SessionRow, states: SessionState[]): Promise<void> {
  const report = (error: unknown): undefined => {
    logger.error("clean-up of a failed start failed", { sessionId: session.id, cause: describe(error) });
  };
  const left = await discardSession(pool, session.id, states)
    .then(() => findSession(pool, session.owner_uid, session.id))
    .catch(report);
  if (!left || left.state === "ended") await cluster.deleteJob(session.id).catch(report);
}

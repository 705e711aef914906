import { type Ending, endSession, markSessionReady, type SessionRow } from "@cliscale/db";
import type { V1Pod } from "@kubernetes/client-node";
import { HttpsError } from "firebase-functions/https";
import * as logger from "firebase-functions/logger";
import type { Deps } from "../deps.ts";
import { dependingOn, describe } from "../http/errors.ts";
import { observePod } from "../kubernetes/podObservation.ts";
import { rereadSession } from "./own.ts";
import { advanceQueued } from "./queued.ts";
import { passOnPlace } from "./startNext.ts";

/** How long a call that is not waiting looks, at most: after that it answers with the row as it stands. */
const lookMilliseconds = 2_000;

/**
 * Records in a session's row what its pod shows; the row is never set back. The row must have been read before the pod was
 * looked at. Resolves to the row as it then stands.
 */
export async function recordPod(deps: Deps, session: SessionRow, pod: V1Pod | undefined): Promise<SessionRow> {
  if (session.state === "ended") return rereadSession(deps, session);
  if (session.state === "queued") return advanceQueued(deps, session);
  if (!pod) return recordAbsence(deps, session);
  const { ending, readyIp } = observePod(pod);
  if (ending) return end(deps, session, ending);
  if (readyIp && session.state === "starting") {
    const ready = await dependingOn("postgres", () => markSessionReady(deps.pool, session.id, readyIp));
    return ready ?? rereadSession(deps, session);
  }
  return rereadSession(deps, session);
}

/**
 * A session that was ready before the look has lost its pod, if a second look does not find it either: nobody's session ends because
 * one list was empty. One that is starting may not have a pod yet.
 */
async function recordAbsence(deps: Deps, session: SessionRow): Promise<SessionRow> {
  if (session.state === "ready") {
    const found = await deps.cluster.glanceAtPod(session.id);
    if (found) return recordPod(deps, session, found);
    return end(deps, session, { reason: "lost", message: "The session's pod is gone." });
  }
  const current = await rereadSession(deps, session);
  return current.state === "starting" ? recordJob(deps, current) : current;
}

/** Records what the Job of a live session that had one shows, and resumes it if nobody has. Resolves to the row as it then stands. */
export async function recordJob(deps: Deps, session: SessionRow): Promise<SessionRow> {
  const job = await deps.cluster.findJob(session.id);
  if (!job) return end(deps, session, { reason: "lost", message: "The session's Job is gone." });
  const failure = job.status?.conditions?.find(({ type, status }) => type === "Failed" && status === "True");
  if (failure) {
    return end(deps, session, {
      reason: "lost",
      message: `The session's Job failed: ${failure.message ?? failure.reason}.`,
    });
  }
  // Whoever started it went away between the row and the Job.
  if (job.spec?.suspend && session.state === "starting") await deps.cluster.resumeJob(session.id);
  return session;
}

interface Look {
  session: SessionRow;
  pod?: V1Pod;
}

/** One short look at a live session and its pod; where the cluster does not answer in time, the row as it stands. */
export async function lookAtSession(deps: Deps, session: SessionRow): Promise<Look> {
  if (session.state === "ended") return { session };
  const late = Promise.withResolvers<Look>();
  const timer = setTimeout(() => late.resolve({ session }), lookMilliseconds);
  try {
    return await Promise.race([look(deps, session), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function look(deps: Deps, session: SessionRow): Promise<Look> {
  try {
    if (session.state === "queued") return { session: await advanceQueued(deps, session) };
    const pod = await deps.cluster.glanceAtPod(session.id);
    return { session: await recordPod(deps, session, pod), ...(pod && { pod }) };
  } catch (error) {
    if (error instanceof HttpsError) throw error;
    logger.warn("no look at the pod", { sessionId: session.id, cause: describe(error) });
    return { session };
  }
}

/** Ends a session, and passes its place on. Resolves to the row as it then stands. */
export async function end(deps: Deps, session: SessionRow, ending: Ending): Promise<SessionRow> {
  const ended = await dependingOn("postgres", () => endSession(deps.pool, session.id, ending));
  if (!ended) return rereadSession(deps, session);
  logger.info("session ended", { sessionId: ended.id, uid: ended.owner_uid, endReason: ended.end_reason });
  await passOnPlace(deps);
  return ended;
}

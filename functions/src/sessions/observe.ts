import { type Ending, endSession, findSession, markSessionReady, type SessionRow } from "@cliscale/db";
import type { V1Pod } from "@kubernetes/client-node";
import { HttpsError } from "firebase-functions/https";
import * as logger from "firebase-functions/logger";
import type { Deps } from "../deps.ts";
import { dependingOn, describe } from "../http/errors.ts";
import { observePod } from "../kubernetes/podObservation.ts";
import { withdrawn } from "./launch.ts";

/** Records in a session's row what its pod shows; the row is never set back. Resolves to the row as it then stands. */
export async function recordPod(deps: Deps, session: SessionRow, pod: V1Pod | undefined): Promise<SessionRow> {
  if (session.state === "ended" || session.state === "queued") return reread(deps, session);
  if (!pod) return recordAbsence(deps, session);
  const { ending, readyIp } = observePod(pod);
  if (ending) return end(deps, session, ending);
  if (readyIp && session.state === "starting") {
    const ready = await dependingOn("postgres", () => markSessionReady(deps.pool, session.id, readyIp));
    return ready ?? reread(deps, session);
  }
  return reread(deps, session);
}

/** A session that was ready has lost its pod; one that is starting may not have one yet. */
async function recordAbsence(deps: Deps, session: SessionRow): Promise<SessionRow> {
  const current = await reread(deps, session);
  if (current.state === "ready") return end(deps, current, { reason: "lost", message: "The session's pod is gone." });
  if (current.state !== "starting") return current;

  const job = await deps.cluster.findJob(session.id);
  if (!job) return end(deps, current, { reason: "lost", message: "The session's Job is gone." });
  const failure = job.status?.conditions?.find(({ type, status }) => type === "Failed" && status === "True");
  if (failure) {
    return end(deps, current, {
      reason: "lost",
      message: `The session's Job failed: ${failure.message ?? failure.reason}.`,
    });
  }
  // Whoever started it went away between the row and the Job.
  if (job.spec?.suspend) await deps.cluster.resumeJob(session.id);
  return current;
}

/** One short look at the pod of a live session; where the cluster does not answer in time, the row as it stands. */
export async function lookAtSession(deps: Deps, session: SessionRow): Promise<{ session: SessionRow; pod?: V1Pod }> {
  if (session.state === "ended" || session.state === "queued") return { session };
  try {
    const pod = await deps.cluster.glanceAtPod(session.id);
    return { session: await recordPod(deps, session, pod), ...(pod && { pod }) };
  } catch (error) {
    if (error instanceof HttpsError) throw error;
    logger.warn("no look at the pod", { sessionId: session.id, cause: describe(error) });
    return { session };
  }
}

async function end(deps: Deps, session: SessionRow, ending: Ending): Promise<SessionRow> {
  const ended = await dependingOn("postgres", () => endSession(deps.pool, session.id, ending));
  return ended ?? reread(deps, session);
}

async function reread({ pool }: Deps, session: SessionRow): Promise<SessionRow> {
  const row = await dependingOn("postgres", () => findSession(pool, session.owner_uid, session.id));
  if (!row) throw withdrawn();
  return row;
}

import { liveSessions, type LiveSession, type SessionRow } from "@cliscale/db";
import type { V1Job, V1Pod } from "@kubernetes/client-node";
import { HttpsError } from "firebase-functions/https";
import type { Deps } from "../deps.ts";
import { dependingOn } from "../http/errors.ts";
import { sessionLabel } from "../kubernetes/jobManifest.ts";
import { observePod } from "../kubernetes/podObservation.ts";
import { end, recordJob, recordPod } from "../sessions/observe.ts";
import { batchSize } from "./batches.ts";
import { forEachBounded } from "./each.ts";

/** A pod that Kubernetes still cannot start after this will not start: a node on Autopilot takes two minutes, an image less. */
const slowStartSeconds = 15 * 60;

/**
 * Records in the rows of live sessions what their Jobs and pods show; resolves to how many rows that changed. Rows are read
 * after Jobs and before pods: a pod that is missing then is gone, and a Job that is missing is looked for again.
 */
export async function repairSessions(deps: Deps, jobOf: ReadonlyMap<string, V1Job>): Promise<number> {
  const sessions = await allLive(deps);
  if (sessions.length === 0) return 0;
  const podOf = new Map((await deps.cluster.listPods()).map((pod) => [pod.metadata?.labels?.[sessionLabel], pod]));
  let repaired = 0;
  await forEachBounded(sessions, async (session) => {
    const current = await repair(deps, session, jobOf.get(session.id), podOf.get(session.id)).catch(ifWithdrawn);
    if (current?.state !== session.state) repaired += 1;
  });
  return repaired;
}

async function allLive({ pool }: Deps): Promise<LiveSession[]> {
  const all: LiveSession[] = [];
  for (;;) {
    const after = all.at(-1)?.id;
    const page = await dependingOn("postgres", () => liveSessions(pool, { after, limit: batchSize, slowStartSeconds }));
    all.push(...page);
    if (page.length < batchSize) return all;
  }
}

/** Costs a session that is as its row says nothing. */
async function repair(
  deps: Deps,
  session: LiveSession,
  job: V1Job | undefined,
  pod: V1Pod | undefined,
): Promise<SessionRow> {
  if (session.state === "queued") {
    return session.prepared_at && !job ? recordJob(deps, session) : session;
  }
  if (!pod) return recordPod(deps, session, pod);
  const { ending, readyIp, waiting } = observePod(pod);
  if (ending || (readyIp && session.state === "starting")) return recordPod(deps, session, pod);
  if (!job) return recordJob(deps, session);
  if (waiting && session.starts_slowly) {
    return end(deps, session, { reason: "failed", message: `The pod could not be started: ${waiting}`.slice(0, 1024) });
  }
  return session;
}

/** A start that was taken back in the meantime needs no repair. */
function ifWithdrawn(error: unknown): undefined {
  if (!(error instanceof HttpsError)) throw error;
}

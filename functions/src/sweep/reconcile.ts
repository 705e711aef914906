import { sessionStates } from "@cliscale/db";
import type { SessionState } from "@cliscale/protocol";
import type { V1Job } from "@kubernetes/client-node";
import type { Deps } from "../deps.ts";
import { dependingOn } from "../http/errors.ts";
import { jobName, sessionLabel } from "../kubernetes/jobManifest.ts";
import { launchWindowSeconds } from "../sessions/launch.ts";
import { batchSize } from "./batches.ts";
import { forEachBounded } from "./each.ts";
import { repairSessions } from "./repair.ts";
import { takeBackWithdrawn } from "./withdrawn.ts";
import { refuseWrongDatabase } from "./wrongDatabase.ts";

export interface Reconciled {
  /** Sessions whose state was not what their Jobs and pods show. */
  sessionsRepaired: number;
  /** Jobs that no live session owns. */
  jobsDeleted: number;
  /** Starts that failed while the database was away. */
  startsTakenBack: number;
}

export interface ReconcileOptions {
  /** Younger Jobs without a row are left alone: whoever took the row back is about to delete them. */
  jobAgeSeconds?: number;
}

/**
 * Makes rows and Jobs agree. Jobs are listed before rows are read, and completely: as a row is always older than its Job, a Job
 * of which no row is found then has none.
 */
export async function reconcile(
  deps: Deps,
  { jobAgeSeconds = launchWindowSeconds }: ReconcileOptions = {},
): Promise<Reconciled> {
  const { jobs, listedAt } = await deps.cluster.listJobs();
  const jobOf = bySession(jobs);
  const states = await statesOf(deps, [...jobOf.keys()]);
  refuseWrongDatabase(jobOf.keys(), states);
  const youngest = listedAt.getTime() - jobAgeSeconds * 1000;
  const isOwnerless = ([id, { metadata }]: [string, V1Job]) =>
    states.has(id) ? states.get(id) === "ended" : new Date(metadata!.creationTimestamp!).getTime() <= youngest;
  const ownerless = [...jobOf].filter(isOwnerless).map(([id]) => id);
  // One failing does not keep the other from being done.
  const [takenBack, repaired, deleted] = await Promise.allSettled([
    takeBackWithdrawn(deps, jobOf),
    repairSessions(deps, jobOf),
    deleteOwnerless(deps, ownerless),
  ]);
  if (takenBack.status === "rejected") throw takenBack.reason;
  if (repaired.status === "rejected") throw repaired.reason;
  if (deleted.status === "rejected") throw deleted.reason;
  return { startsTakenBack: takenBack.value, sessionsRepaired: repaired.value, jobsDeleted: deleted.value };
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The Jobs of sessions; what else there may be in the namespace is not ours to judge. */
function bySession(jobs: V1Job[]): Map<string, V1Job> {
  return new Map(
    jobs.flatMap((job) => {
      const id = job.metadata?.labels?.[sessionLabel] ?? "";
      return uuid.test(id) && job.metadata!.name === jobName(id) ? [[id, job]] : [];
    }),
  );
}

async function statesOf({ pool }: Deps, ids: string[]): Promise<Map<string, SessionState>> {
  const states = new Map<string, SessionState>();
  for (let start = 0; start < ids.length; start += batchSize) {
    const batch = await dependingOn("postgres", () => sessionStates(pool, ids.slice(start, start + batchSize)));
    for (const [id, state] of batch) states.set(id, state);
  }
  return states;
}

function isLive(state: SessionState | undefined): boolean {
  return state !== undefined && state !== "ended";
}

/** Deletes these Jobs, unless a second look at the row finds it alive. */
async function deleteOwnerless({ pool, cluster }: Deps, ids: string[]): Promise<number> {
  let deleted = 0;
  await forEachBounded(ids, async (id) => {
    const states = await dependingOn("postgres", () => sessionStates(pool, [id]));
    if (isLive(states.get(id))) return;
    await cluster.deleteJob(id);
    deleted += 1;
  });
  return deleted;
}

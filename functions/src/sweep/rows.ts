import { deleteEndedSessions, deleteExpiredTokens, discardUnpreparedSessions, endOverdueSessions } from "@cliscale/db";
import * as logger from "firebase-functions/logger";
import type { Deps } from "../deps.ts";
import { dependingOn, describe } from "../http/errors.ts";
import { launchWindowSeconds } from "../sessions/launch.ts";
import { startNext } from "../sessions/startNext.ts";
import { batchSize, inBatches } from "./batches.ts";
import { forEachBounded } from "./each.ts";

// What a sweep finds out from the rows alone. Each resolves to how many it has done.

/** A quarter: long enough to look something up in, and for a request that is repeated to be known again. */
const retentionDays = 90;

export function deleteTokens({ pool }: Deps): Promise<number> {
  return inBatches(() => dependingOn("postgres", () => deleteExpiredTokens(pool, batchSize)));
}

/** Ends sessions past their lifetime. */
export function endOverdue(deps: Deps): Promise<number> {
  return inBatches(async () => {
    const ids = await dependingOn("postgres", () => endOverdueSessions(deps.pool, batchSize));
    return deleteJobs(deps, ids);
  });
}

/** Removes sessions whose launcher died before they were prepared: nobody has their `env`, so nobody can start them. */
export function removeAbandoned(deps: Deps): Promise<number> {
  return inBatches(async () => {
    const ids = await dependingOn("postgres", () =>
      discardUnpreparedSessions(deps.pool, launchWindowSeconds, batchSize),
    );
    return deleteJobs(deps, ids);
  });
}

/** Starts sessions that wait prepared as far as there is room, the oldest first. */
export async function startWaiting(deps: Deps): Promise<number> {
  return (await startNext(deps)).length;
}

/** Deletes the rows of sessions that ended long ago. */
export function forgetEnded({ pool }: Deps): Promise<number> {
  return inBatches(() => dependingOn("postgres", () => deleteEndedSessions(pool, retentionDays, batchSize)));
}

/** Where Kubernetes does not answer, a Job is found again by its row, which has ended, or by its want of one. */
async function deleteJobs({ cluster }: Deps, ids: string[]): Promise<number> {
  await forEachBounded(ids, (id) => cluster.deleteJob(id)).catch((error: unknown) => {
    logger.warn("Jobs could not be deleted by the sweep", { cause: describe(error) });
  });
  return ids.length;
}

import {
  deleteEndedSessions,
  deleteExpiredTokens,
  discardUnpreparedSessions,
  endIdleSessions,
  endOverdueSessions,
  noteSilentGateways,
} from "@cliscale/db";
import * as logger from "firebase-functions/logger";
import type { Deps } from "../deps.ts";
import { dependingOn, describe } from "../http/errors.ts";
import { launchWindowSeconds } from "../sessions/launch.ts";
import { startNext } from "../sessions/startNext.ts";
import { batchSize, inBatches } from "./batches.ts";
import { forEachBounded } from "./each.ts";

// What a sweep finds out from the rows alone. Each resolves to how many it has done.

/**
 * A gateway reports every few seconds; one that is seen to be silent by sweeps for this long was killed. Until then nothing ends for
 * being idle, because it may hold sockets and only be cut off from the database.
 */
const silence = { silentAfterSeconds: 20, gapSeconds: 150, deadAfterSeconds: 600 };

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

/** Lets the gateways go that were killed, so that idle sessions no longer wait for what they might report. Resolves to how many are silent. */
export async function watchGateways({ pool }: Deps): Promise<number> {
  const { silent, dead } = await dependingOn("postgres", () => noteSilentGateways(pool, silence));
  if (dead > 0) logger.warn("gateways have ended without a word", { gateways: dead });
  return silent;
}

/** Ends sessions that are idle. */
export async function endIdle(deps: Deps): Promise<number> {
  const outputMaxSeconds = deps.settings.idleOutputMaxSeconds;
  let ended = 0;
  await inBatches(async () => {
    const batch = await dependingOn("postgres", () =>
      endIdleSessions(deps.pool, { outputMaxSeconds, limit: batchSize }),
    );
    ended += await deleteJobs(deps, batch.ended);
    return batch.looked;
  });
  return ended;
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
export function forgetEnded({ pool, settings }: Deps): Promise<number> {
  return inBatches(() => dependingOn("postgres", () => deleteEndedSessions(pool, settings.retentionDays, batchSize)));
}

/** Where Kubernetes does not answer, a Job is found again by its row, which has ended, or by its want of one. */
async function deleteJobs({ cluster }: Deps, ids: string[]): Promise<number> {
  await forEachBounded(ids, (id) => cluster.deleteJob(id)).catch((error: unknown) => {
    logger.warn("Jobs could not be deleted by the sweep", { cause: describe(error) });
  });
  return ids.length;
}

import { setTimeout as delay } from "node:timers/promises";
import { endOverdueSessionsOf } from "@cliscale/db";
import * as logger from "firebase-functions/logger";
import type { Deps } from "../deps.ts";
import { dependingOn, describe } from "../http/errors.ts";
import { passOnPlace } from "./startNext.ts";

/** How long a call waits for Jobs to be deleted: as long as it looks at a pod. */
const deletionMilliseconds = 2_000;

/**
 * Ends those of a user's sessions that are past their lifetime or idle, or one of them, with its Job: a row's `expiresAt` and
 * `idleAt` rule, and nobody is shown a session as live between that moment and the next sweep.
 */
export async function endOverdue(deps: Deps, whose: { ownerUid: string; sessionId?: string }): Promise<void> {
  const { pool, cluster, settings } = deps;
  const outputMaxSeconds = settings.idleOutputMaxSeconds;
  const overdue = await dependingOn("postgres", () => endOverdueSessionsOf(pool, { ...whose, outputMaxSeconds }));
  if (overdue.length === 0) return;
  const deletions = overdue.map((sessionId) =>
    cluster.deleteJob(sessionId).catch((error: unknown) => {
      // The row decides. Where the cluster does not answer now, the sweep deletes the Job.
      logger.warn("the Job of an overdue session could not be deleted", { sessionId, cause: describe(error) });
    }),
  );
  const done = Promise.all([...deletions, passOnPlace(deps)]);
  await Promise.race([done, delay(deletionMilliseconds, undefined, { ref: false })]);
}

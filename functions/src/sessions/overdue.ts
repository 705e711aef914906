import { endOverdueSessionsOf } from "@cliscale/db";
import * as logger from "firebase-functions/logger";
import type { Deps } from "../deps.ts";
import { dependingOn, describe } from "../http/errors.ts";
import { passOnPlace } from "./startNext.ts";

/**
 * Ends those of a user's sessions that are past their lifetime, or one of them, with its Job: a row's `expiresAt` rules,
 * and nobody is shown a session as live between that moment and the next sweep.
 */
export async function endOverdue(deps: Deps, whose: { ownerUid: string; sessionId?: string }): Promise<void> {
  const { pool, cluster } = deps;
  const overdue = await dependingOn("postgres", () => endOverdueSessionsOf(pool, whose));
  const deletions = overdue.map((sessionId) =>
    cluster.deleteJob(sessionId).catch((error: unknown) => {
      // The row decides. Where the cluster does not answer now, the Job's own deadline ends what stays.
      logger.warn("the Job of an overdue session could not be deleted", { sessionId, cause: describe(error) });
    }),
  );
  if (overdue.length > 0) await Promise.all([...deletions, passOnPlace(deps)]);
}

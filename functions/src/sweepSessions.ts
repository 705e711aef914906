import { deleteExpiredTokens, endOverdueSessions } from "@cliscale/db";
import * as logger from "firebase-functions/logger";
import { onSchedule } from "firebase-functions/scheduler";
import { type Deps, loadDeps } from "./deps.ts";
import { dependingOn, describe } from "./http/errors.ts";

/** Rows that one sweep touches at most, of each kind; the next one goes on. */
const batchSize = 500;

export interface SweepResult {
  tokensDeleted: number;
  sessionsEnded: number;
}

/** Removes expired tokens and ends sessions past their lifetime. Nothing's safety depends on it: it tidies up. */
export async function handleSweep({ pool, cluster }: Deps): Promise<SweepResult> {
  const tokensDeleted = await dependingOn("postgres", () => deleteExpiredTokens(pool, batchSize));
  const overdue = await dependingOn("postgres", () => endOverdueSessions(pool, batchSize));
  for (const sessionId of overdue) {
    await cluster.deleteJob(sessionId).catch((error: unknown) => {
      logger.warn("the Job of an overdue session could not be deleted", { sessionId, cause: describe(error) });
    });
  }
  return { tokensDeleted, sessionsEnded: overdue.length };
}

export const sweepSessions = onSchedule({ schedule: "* * * * *", timeoutSeconds: 120, retryCount: 0 }, async () => {
  logger.info("sweep", { ...(await handleSweep(await loadDeps())) });
});

import * as logger from "firebase-functions/logger";
import { onSchedule } from "firebase-functions/scheduler";
import { optionsOf } from "./budgets.ts";
import { type Deps, loadDeps } from "./deps.ts";
import { DependencyError, describe } from "./http/errors.ts";
import { reconcile, type Reconciled, type ReconcileOptions } from "./sweep/reconcile.ts";
import {
  deleteTokens,
  endIdle,
  endOverdue,
  forgetEnded,
  removeAbandoned,
  startWaiting,
  watchGateways,
} from "./sweep/rows.ts";

export interface SweepResult extends Reconciled {
  tokensDeleted: number;
  /** Past their lifetime. */
  sessionsEnded: number;
  /** Ended for being idle. */
  sessionsIdle: number;
  /** Do not report what happens in sessions; nothing ends for being idle until they do, or are known to be dead. */
  gatewaysSilent: number;
  /** Whose start was abandoned before it could be finished by others. */
  sessionsRemoved: number;
  sessionsStarted: number;
  /** Ended so long ago that nobody asks for them any more. */
  sessionsForgotten: number;
  /** Steps that failed; the others were done. */
  failed: string[];
}

/**
 * Finishes what others left: each step may run at the same time as in other sweeps, does a bounded number of batches, and costs
 * what it has to do. Nothing's security depends on it: every check elsewhere has `expires_at` and `state` in it.
 */
export async function handleSweep(deps: Deps, options?: ReconcileOptions): Promise<SweepResult> {
  const failed: string[] = [];
  const step = async <T>(name: string, nothing: T, run: () => Promise<T>): Promise<T> => {
    try {
      return await run();
    } catch (error) {
      failed.push(name);
      logger.error(`sweep: ${name} failed`, { code: codeOf(error), cause: describe(error) });
      return nothing;
    }
  };
  const tokensDeleted = await step("tokens", 0, () => deleteTokens(deps));
  const sessionsEnded = await step("overdue", 0, () => endOverdue(deps));
  const sessionsRemoved = await step("abandoned", 0, () => removeAbandoned(deps));
  const sessionsStarted = await step("waiting", 0, () => startWaiting(deps));
  const none: Reconciled = { sessionsRepaired: 0, jobsDeleted: 0, startsTakenBack: 0 };
  const reconciled = await step("reconcile", none, () => reconcile(deps, options));
  // After what pods tell: one that has exited has not become idle.
  const gatewaysSilent = await step("gateways", 0, () => watchGateways(deps));
  const sessionsIdle = await step("idle", 0, () => endIdle(deps));
  const sessionsFollowing = await step("waiting", 0, () => startWaiting(deps));
  const sessionsForgotten = await step("retention", 0, () => forgetEnded(deps));
  return {
    tokensDeleted,
    sessionsEnded,
    sessionsRemoved,
    sessionsStarted: sessionsStarted + sessionsFollowing,
    ...reconciled,
    gatewaysSilent,
    sessionsIdle,
    sessionsForgotten,
    failed,
  };
}

/** Sweeps, and tells: one event with what was done, and an error where a step failed, which the scheduler and health then show. */
export async function sweepAndReport(deps: Deps): Promise<void> {
  const started = performance.now();
  const result = await handleSweep(deps);
  const isFailed = result.failed.length > 0;
  const event = { ...result, milliseconds: performance.now() - started };
  if (isFailed) logger.error("sweep failed", { code: "SWEEP_FAILED", ...event });
  else logger.info("sweep", event);
  if (isFailed) throw new Error(`the sweep failed in: ${result.failed.join(", ")}`);
}

function codeOf(error: unknown): string {
  if (error instanceof DependencyError) return `SWEEP_${error.dependency.toUpperCase()}`;
  return error instanceof Error && "code" in error ? String(error.code) : "SWEEP_STEP_FAILED";
}

export const sweepSessions = onSchedule(
  { schedule: "* * * * *", retryCount: 0, ...optionsOf("sweepSessions") },
  async () => {
    await sweepAndReport(await loadDeps());
  },
);

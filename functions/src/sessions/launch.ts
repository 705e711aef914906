import {
  discardSession,
  discardUnpreparedSession,
  findSession,
  markSessionPrepared,
  type SessionRow,
} from "@cliscale/db";
import { HttpsError } from "firebase-functions/https";
import * as logger from "firebase-functions/logger";
import type { Deps } from "../deps.ts";
import { DependencyError, dependingOn, describe } from "../http/errors.ts";
import { jobManifest, secretManifest } from "../kubernetes/jobManifest.ts";
import { passOnPlace, startNext } from "./startNext.ts";

/**
 * How long after its creation a session that is not yet prepared may still have a launcher. The launcher has two rows to write and
 * at most three calls to make, each of which ends within 10 s. With the minute between two sweeps, and the sweep itself, what a dead
 * launcher leaves is gone within two minutes. A launcher that is slower all the same finds its row gone, and cleans up.
 */
export const launchWindowSeconds = 40;

/**
 * Brings a session into the queue, and to its start where there is room, in the one order that every session has: row → suspended
 * Job → Secret that the Job owns → the row says that it is prepared → state `starting`, where it is its turn and the row still wants
 * it → the Job resumes; then answers. Each step may be repeated, so that a request that is made twice, or again after a crash, ends
 * with one Job. A process that dies leaves what others can finish: any call and the sweep start prepared sessions, and remove one
 * that never will be, since its `env` is gone. When a step fails, or the answer of the call that prepared the session, nothing
 * is left behind.
 */
export async function launchSession<Answer>(
  deps: Deps,
  session: SessionRow,
  env: Record<string, string>,
  answer: (launched: SessionRow) => Promise<Answer>,
): Promise<Answer> {
  const { pool, cluster, settings } = deps;
  const { id } = session;
  /** Takes the session back as far as it is this call's: once another call has prepared it, it is that one's. */
  let takeBack: () => Promise<unknown> = () => discardUnpreparedSession(pool, id, 0);
  try {
    const jobUid = await cluster.createJob(jobManifest(session, settings));
    await cluster.createSecret(secretManifest(session, jobUid, env, settings.bundles));
    const prepared = await dependingOn("postgres", () => markSessionPrepared(pool, id));
    if (prepared) takeBack = () => discardSession(pool, id);
    await startNext(deps, id);
    return await answer(await asItStands(deps, session));
  } catch (error) {
    // What was asked of the database may be done all the same, and after anything that is asked of it now.
    const isUncertain = error instanceof DependencyError && error.dependency === "postgres";
    await withdraw(deps, session, takeBack, isUncertain);
    throw error;
  }
}

/** What the calls of one request are told when the one that started its session has failed, and taken it back. */
export function withdrawn(): HttpsError {
  return new HttpsError("unavailable", "An earlier call of this request has just failed. Try again.");
}

/** The row as others may have changed it in the meantime: where they have ended the session, the Job must not stay. */
async function asItStands({ pool, cluster }: Deps, session: SessionRow): Promise<SessionRow> {
  const current = await dependingOn("postgres", () => findSession(pool, session.owner_uid, session.id));
  if (!current || current.state === "ended") {
    await cluster.deleteJob(session.id);
  }
  if (!current) throw withdrawn();
  return current;
}

/** The row goes first and decides: the Job of a session that lives on, because others use it, stays. */
async function withdraw(
  deps: Deps,
  session: SessionRow,
  takeBack: () => Promise<unknown>,
  isUncertain: boolean,
): Promise<void> {
  const { pool, cluster } = deps;
  try {
    await takeBack();
    const left = await findSession(pool, session.owner_uid, session.id);
    if (!left || left.state === "ended") await cluster.deleteJob(session.id);
    else if (isUncertain) await leaveToSweep(deps, session.id);
  } catch (error) {
    reportFailedCleanUp(session.id, error);
    await leaveToSweep(deps, session.id);
  }
  await passOnPlace(deps);
}

/** While the database is away its Job carries the word: the sweep takes the start back once it can. */
async function leaveToSweep({ cluster }: Deps, sessionId: string): Promise<void> {
  try {
    await cluster.markWithdrawn(sessionId, true);
  } catch (error) {
    reportFailedCleanUp(sessionId, error);
  }
}

function reportFailedCleanUp(sessionId: string, error: unknown): void {
  logger.error("clean-up of a failed start failed", { sessionId, cause: describe(error) });
}

import { setTimeout as delay } from "node:timers/promises";
import { discardUnpreparedSession, type SessionRow, startSession } from "@cliscale/db";
import * as logger from "firebase-functions/logger";
import type { Deps } from "../deps.ts";
import { dependingOn, describe } from "../http/errors.ts";
import { launchWindowSeconds } from "./launch.ts";
import { rereadSession } from "./own.ts";

/** Between two looks of a waiting call at its row. No connection is held in between. */
const pollMilliseconds = 1_000;

/** Waits until a session has left the queue, helping it on; or until the signal is aborted. Resolves to the row as it then stands. */
export async function waitInQueue(deps: Deps, session: SessionRow, signal: AbortSignal): Promise<SessionRow> {
  let current = session;
  while (current.state === "queued" && !signal.aborted) {
    current = await advanceQueued(deps, current);
    if (current.state === "queued") await delay(pollMilliseconds, undefined, { signal }).catch(() => undefined);
  }
  return current;
}

/**
 * Does for a queued session what anybody can: starts it where it is prepared, and removes it where its launcher is gone, so that
 * the same request may be made again. Resolves to the row as it then stands.
 * @throws HttpsError where the session has been taken back.
 */
export async function advanceQueued(deps: Deps, session: SessionRow): Promise<SessionRow> {
  const current = await rereadSession(deps, session);
  if (current.state !== "queued") return current;
  if (current.prepared_at) return (await startPrepared(deps, current)) ?? rereadSession(deps, current);
  await removeAbandoned(deps, current);
  return rereadSession(deps, current);
}

/** Starts a session that waits prepared; undefined when it no longer waits. Where its Job is gone, the next look at it says so. */
export async function startPrepared({ pool, cluster }: Deps, { id }: SessionRow): Promise<SessionRow | undefined> {
  const started = await dependingOn("postgres", () => startSession(pool, id));
  if (started) await cluster.resumeJob(id);
  return started;
}

async function removeAbandoned({ pool, cluster }: Deps, { id }: SessionRow): Promise<void> {
  const removed = await dependingOn("postgres", () => discardUnpreparedSession(pool, id, launchWindowSeconds));
  if (!removed) return;
  await cluster.deleteJob(id).catch((error: unknown) => {
    logger.warn("the Job of an abandoned start is left to the sweep", { sessionId: id, cause: describe(error) });
  });
}

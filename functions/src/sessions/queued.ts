import { setTimeout as delay } from "node:timers/promises";
import { discardUnpreparedSession, type SessionRow } from "@cliscale/db";
import * as logger from "firebase-functions/logger";
import type { Deps } from "../deps.ts";
import { DependencyError, dependingOn, describe } from "../http/errors.ts";
import { watchEndings } from "./endings.ts";
import { launchWindowSeconds } from "./launch.ts";
import { rereadSession } from "./own.ts";
import { startNext } from "./startNext.ts";

/** Between two looks of a waiting call at its row. No connection is held in between. */
const pollMilliseconds = 1_000;
/** Looks in a row that may fail, so that nobody who has waited for long loses the place in line because a database restarts. */
const toleratedFailures = 10;

interface Waiting {
  signal: AbortSignal;
  /** Told of the row at each look, with its place in the queue. */
  onLook: (waiting: SessionRow) => Promise<void>;
}

/**
 * Waits until a session has left the queue, helping the queue on; or until the signal is aborted. Resolves to the row as it then
 * stands. While anybody waits, pods that end make room at once.
 */
export async function waitInQueue(deps: Deps, session: SessionRow, { signal, onLook }: Waiting): Promise<SessionRow> {
  let current = session;
  let failures = 0;
  let stopWatching: (() => void) | undefined;
  try {
    while (current.state === "queued" && !signal.aborted) {
      try {
        current = await advanceQueued(deps, current);
        failures = 0;
      } catch (error) {
        failures += 1;
        if (!(error instanceof DependencyError) || failures > toleratedFailures) throw error;
      }
      if (current.state !== "queued") break;
      stopWatching ??= watchEndings(deps);
      await onLook(current);
      await delay(pollMilliseconds, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    stopWatching?.();
  }
  return current;
}

/**
 * Does for a queued session what anybody can: starts those whose turn it is, and removes it where its launcher is gone, so that
 * the same request may be made again. Resolves to the row as it then stands.
 * @throws HttpsError where the session has been taken back.
 */
export async function advanceQueued(deps: Deps, session: SessionRow): Promise<SessionRow> {
  const current = await rereadSession(deps, session);
  if (current.state !== "queued") return current;
  const removed = current.prepared_at === null && (await removeAbandoned(deps, current));
  const started = await startNext(deps);
  return removed || started.includes(current.id) ? rereadSession(deps, current) : current;
}

async function removeAbandoned({ pool, cluster }: Deps, { id }: SessionRow): Promise<boolean> {
  const removed = await dependingOn("postgres", () => discardUnpreparedSession(pool, id, launchWindowSeconds));
  if (!removed) return false;
  await cluster.deleteJob(id).catch((error: unknown) => {
    logger.warn("the Job of an abandoned start is left to the sweep", { sessionId: id, cause: describe(error) });
  });
  return true;
}

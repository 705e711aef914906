import { startQueuedSessions } from "@cliscale/db";
import * as logger from "firebase-functions/logger";
import type { Deps } from "../deps.ts";
import { dependingOn, describe } from "../http/errors.ts";
import { forEachBounded } from "../sweep/each.ts";
import { launchWindowSeconds } from "./launch.ts";

type Starting = Pick<Deps, "pool" | "cluster" | "settings">;

/**
 * Starts the sessions whose turn it is, whoever they belong to; resolves to their ids. That the Job of another's session cannot be
 * resumed now is left to who looks at it next: its row says that it is to run. @throws DependencyError where it is the Job of `own`.
 */
export async function startNext({ pool, cluster, settings }: Starting, own?: string): Promise<string[]> {
  const { sessionsTotal } = settings.limits;
  const started = await dependingOn("postgres", () =>
    startQueuedSessions(pool, { sessionsTotal, launchSeconds: launchWindowSeconds }),
  );
  let failure: unknown;
  await forEachBounded(started, async (id) => {
    try {
      await cluster.resumeJob(id);
    } catch (error) {
      if (id === own) failure = error;
      logger.warn("the Job of a started session is left suspended", { sessionId: id, cause: describe(error) });
    }
  });
  if (failure) throw failure;
  return started;
}

/** What everybody does who has ended a session: lets the next one start. Never rejects, since any other can do it as well. */
export async function passOnPlace(deps: Starting): Promise<void> {
  await startNext(deps).catch((error: unknown) => {
    logger.warn("the next session is left to others to start", { cause: describe(error) });
  });
}

import { setTimeout as delay } from "node:timers/promises";
import { endSession } from "@cliscale/db";
import type { V1Pod } from "@kubernetes/client-node";
import * as logger from "firebase-functions/logger";
import type { Deps } from "../deps.ts";
import { dependingOn, describe } from "../http/errors.ts";
import type { Cluster } from "../kubernetes/cluster.ts";
import { sessionLabel } from "../kubernetes/jobManifest.ts";
import { observePod } from "../kubernetes/podObservation.ts";
import { passOnPlace } from "./startNext.ts";

/** After a watch that failed; until then the rows alone tell what has ended. */
const retryMilliseconds = 1_000;

interface Watch {
  callers: number;
  stop: AbortController;
}

/** One a process, however many of its calls wait. */
const watches = new WeakMap<Cluster, Watch>();

/**
 * From now on records how sessions end, whoever they belong to, as their pods say it, so that their places are passed on at once.
 * Returns what stops it; the watch goes on as long as there is anybody who has not.
 */
export function watchEndings(deps: Deps): () => void {
  const watch = watches.get(deps.cluster) ?? { callers: 0, stop: new AbortController() };
  watch.callers += 1;
  if (watch.callers === 1) {
    watches.set(deps.cluster, watch);
    void recordEndings(deps, watch.stop.signal);
  }
  return () => {
    watch.callers -= 1;
    if (watch.callers > 0) return;
    watches.delete(deps.cluster);
    watch.stop.abort();
  };
}

async function recordEndings(deps: Deps, signal: AbortSignal): Promise<void> {
  const recorded = new Set<string>();
  const record = async (pod: V1Pod): Promise<void> => {
    const id = pod.metadata?.labels?.[sessionLabel];
    const { ending } = observePod(pod);
    if (id === undefined || !ending || recorded.has(id)) return;
    const ended = await dependingOn("postgres", () => endSession(deps.pool, id, ending));
    recorded.add(id);
    if (!ended) return;
    logger.info("session ended", { sessionId: id, uid: ended.owner_uid, endReason: ended.end_reason });
    await passOnPlace(deps);
  };
  while (!signal.aborted) {
    try {
      await deps.cluster.followPods(signal, async (pods) => {
        for (const pod of pods) await record(pod);
      });
    } catch (error) {
      logger.warn("endings are not seen for a moment", { cause: describe(error) });
    }
    await delay(retryMilliseconds, undefined, { signal }).catch(() => undefined);
  }
}

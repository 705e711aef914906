import { withdrawSession } from "@cliscale/db";
import type { V1Job } from "@kubernetes/client-node";
import type { Deps } from "../deps.ts";
import { dependingOn } from "../http/errors.ts";
import { withdrawnAnnotation } from "../kubernetes/jobManifest.ts";
import { forEachBounded } from "./each.ts";

/**
 * Takes back the starts that failed while the database was away; resolves to how many. One to which somebody has attached, because
 * the same request was made again, lives on.
 */
export async function takeBackWithdrawn({ pool, cluster }: Deps, jobOf: ReadonlyMap<string, V1Job>): Promise<number> {
  const marked = [...jobOf].filter(([, { metadata }]) => metadata?.annotations?.[withdrawnAnnotation]);
  let takenBack = 0;
  await forEachBounded(marked, async ([id]) => {
    const outcome = await dependingOn("postgres", () => withdrawSession(pool, id));
    if (outcome === "used") return cluster.markWithdrawn(id, false);
    if (outcome === "promised") return;
    await cluster.deleteJob(id);
    takenBack += 1;
  });
  return takenBack;
}

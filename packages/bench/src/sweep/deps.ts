import type { Pool } from "pg";
import type { Deps } from "../../../../functions/src/deps.ts";
import type { Cluster } from "../../../../functions/src/kubernetes/cluster.ts";
import { sessionLabel } from "../../../../functions/src/kubernetes/jobManifest.ts";

const metadata = (id: string) => ({
  name: `session-${id}`,
  labels: { [sessionLabel]: id },
  creationTimestamp: new Date(),
});
const status = { podIP: "10.0.0.1", conditions: [{ type: "Ready", status: "True" }] };

/** What a sweep works with: this pool, and a cluster in memory in which all is as the rows say, since only PostgreSQL is measured. */
export function sweepDeps(pool: Pool, live: readonly string[]): Deps {
  const ids = new Set(live);
  const cluster: Pick<Cluster, "listJobs" | "listPods" | "deleteJob" | "findJob" | "glanceAtPod"> = {
    listJobs: () =>
      Promise.resolve({ jobs: Array.from(ids, (id) => ({ metadata: metadata(id) })), listedAt: new Date() }),
    listPods: () => Promise.resolve(Array.from(ids, (id) => ({ metadata: metadata(id), status }))),
    deleteJob: (id) => Promise.resolve(void ids.delete(id)),
    findJob: (id) => Promise.resolve({ metadata: metadata(id) }),
    glanceAtPod: (id) => Promise.resolve({ metadata: metadata(id), status }),
  };
  return {
    pool,
    cluster,
    settings: { idleOutputMaxSeconds: 14_400, retentionDays: 90, limits: { sessionsTotal: 1_000 } },
  } as unknown as Deps;
}

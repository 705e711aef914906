import type { Logger } from "@cliscale/service";
import { resolve } from "../resources/deployment.ts";
import { isSelected } from "../resources/labelSelector.ts";
import { withCondition } from "../resources/objects.ts";
import { isFinishedPod, isServing, pods } from "../resources/pod.ts";
import { type DisruptionBudget, disruptionBudgets } from "../resources/podDisruptionBudget.ts";
import type { Store } from "../store/store.ts";
import { keysBeside, putStatus, startController } from "./controller.ts";

/** Tells how many pods may be evicted. https://kubernetes.io/docs/concepts/workloads/pods/disruptions/ */
export function startDisruptionController(store: Store, logger: Logger): () => void {
  return startController(store, logger, {
    name: "disruption controller",
    collection: disruptionBudgets,
    concerns: ({ collection, object }) =>
      collection.id === pods.id ? keysBeside(store, disruptionBudgets, object) : [],
    sync(budget) {
      const { allowed, ...counts } = disruptionsAllowed(store, budget);
      const reason = allowed > 0 ? "SufficientPods" : "InsufficientPods";
      const condition = { type: "DisruptionAllowed", status: allowed > 0 ? "True" : "False", reason } as const;
      putStatus(store, disruptionBudgets, budget, {
        ...counts,
        disruptionsAllowed: allowed,
        observedGeneration: budget.metadata.generation,
        conditions: withCondition(budget.status.conditions, condition),
      });
    },
  });
}

/** How many pods of a budget may go, by the pods there are at this moment. */
export function disruptionsAllowed(store: Store, { metadata, spec }: DisruptionBudget) {
  const expected = store
    .list(pods, metadata.namespace)
    .filter((pod) => isSelected(spec.selector, pod.metadata.labels) && !isFinishedPod(pod));
  const expectedPods = expected.filter((pod) => pod.metadata.deletionTimestamp === undefined).length;
  const currentHealthy = expected.filter(isServing).length;
  const desiredHealthy = desired(spec, expectedPods);
  const allowed = expectedPods === 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy);
  return { allowed, currentHealthy, desiredHealthy, expectedPods };
}

function desired({ minAvailable, maxUnavailable }: DisruptionBudget["spec"], total: number): number {
  if (maxUnavailable !== undefined) return Math.max(0, total - resolve(maxUnavailable, total, Math.ceil));
  return resolve(minAvailable ?? 1, total, Math.ceil);
}

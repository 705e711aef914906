import * as z from "zod";
import { isFinishedPod, isServing, type Pod, pods } from "../resources/pod.ts";
import { disruptionBudgets } from "../resources/podDisruptionBudget.ts";
import { isSelected } from "../resources/labelSelector.ts";
import { disruptionsAllowed } from "../controllers/disruptionController.ts";
import { deleteObject } from "../store/deletion.ts";
import type { Store } from "../store/store.ts";
import { badRequest, StatusError, type Status } from "./statusError.ts";
import { deleteOptions } from "./deleteRequest.ts";

const eviction = z.strictObject({
  apiVersion: z.literal("policy/v1").optional(),
  kind: z.literal("Eviction").optional(),
  metadata: z.looseObject({}).optional(),
  deleteOptions: deleteOptions.optional(),
});

/**
 * Evicts a pod, unless its budget forbids it. https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/
 * @throws StatusError 429 when as many pods are needed as are healthy.
 */
export function evict(store: Store, pod: Pod, input: unknown, dryRun: boolean): Omit<Status, "code"> {
  const result = eviction.safeParse(input ?? {});
  if (!result.success) throw badRequest(`Eviction: ${result.error.issues.map((issue) => issue.message).join(", ")}`);
  const options = result.data.deleteOptions;
  if (!isFinishedPod(pod) && !pod.metadata.deletionTimestamp) requireBudget(store, pod);
  if (!dryRun && !options?.dryRun) {
    deleteObject(store, pods, pod, {
      propagationPolicy: "Background",
      gracePeriodSeconds: options?.gracePeriodSeconds,
    });
  }
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success" };
}

/** Judged by the pods at this moment: each eviction counts for the next. */
function requireBudget(store: Store, pod: Pod): void {
  const { name, namespace, labels } = pod.metadata;
  const budgets = store.list(disruptionBudgets, namespace).filter(({ spec }) => isSelected(spec.selector, labels));
  if (budgets.length > 1) {
    throw new StatusError(
      500,
      "InternalError",
      "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    );
  }
  const [budget] = budgets;
  if (!budget) return;
  const { allowed, desiredHealthy, currentHealthy } = disruptionsAllowed(store, budget);
  const disturbs = isServing(pod) || budget.spec.unhealthyPodEvictionPolicy !== "AlwaysAllow";
  // A pod that is not healthy may go as long as enough others are.
  if (!disturbs || (!isServing(pod) && currentHealthy >= desiredHealthy) || allowed > 0) return;
  throw new StatusError(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.", {
    name,
    kind: "pods",
    causes: [
      {
        reason: "DisruptionBudget",
        message: `The disruption budget ${budget.metadata.name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`,
        field: "",
      },
    ],
  });
}

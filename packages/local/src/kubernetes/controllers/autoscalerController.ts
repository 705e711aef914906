import type { Logger } from "@cliscale/service";
import { type Deployment, deployments } from "../resources/deployment.ts";
import { type Autoscaler, autoscalers } from "../resources/horizontalPodAutoscaler.ts";
import { withCondition } from "../resources/objects.ts";
import type { Store } from "../store/store.ts";
import { keysBeside, putStatus, startController } from "./controller.ts";
import { createEventRecorder, type EventRecorder } from "./eventRecorder.ts";

const noMetrics = "the Kubernetes stand-in has no metrics: only the bounds of the autoscaler are kept";

/**
 * Keeps Deployments within the bounds of their autoscalers. There are no metrics, so nothing is scaled within them.
 * https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/
 */
export function startAutoscalerController(store: Store, logger: Logger): () => void {
  const events = createEventRecorder(store, "horizontal-pod-autoscaler");
  return startController(store, logger, {
    name: "autoscaler controller",
    collection: autoscalers,
    concerns: ({ collection, object }) =>
      collection.id === deployments.id ? keysBeside(store, autoscalers, object) : [],
    sync(autoscaler) {
      const { kind, name } = autoscaler.spec.scaleTargetRef;
      const target =
        kind === deployments.kind ? store.get(deployments, autoscaler.metadata.namespace, name) : undefined;
      const desired = target && keepWithin(store, events, autoscaler, target);
      const scalable = target
        ? ({ type: "AbleToScale", status: "True", reason: "SucceededGetScale" } as const)
        : ({
            type: "AbleToScale",
            status: "False",
            reason: "FailedGetScale",
            message: `there is no ${kind} ${name}`,
          } as const);
      const active = {
        type: "ScalingActive",
        status: "False",
        reason: "FailedGetMetrics",
        message: noMetrics,
      } as const;
      putStatus(store, autoscalers, autoscaler, {
        observedGeneration: autoscaler.metadata.generation ?? 0,
        currentReplicas: target?.status.replicas ?? 0,
        desiredReplicas: desired ?? 0,
        conditions: withCondition(withCondition(autoscaler.status.conditions, scalable), active),
      });
    },
  });
}

/** A Deployment that is scaled to nothing is switched off, and is left so. */
function keepWithin(store: Store, events: EventRecorder, autoscaler: Autoscaler, target: Deployment): number {
  const { minReplicas, maxReplicas } = autoscaler.spec;
  const { replicas } = target.spec;
  const desired = replicas === 0 ? 0 : Math.min(Math.max(replicas, minReplicas), maxReplicas);
  if (desired === replicas || target.metadata.deletionTimestamp) return desired;
  events.record(
    autoscaler,
    "Normal",
    "SuccessfulRescale",
    `New size: ${desired}; reason: Current number of replicas out of bounds`,
  );
  const metadata = { ...target.metadata, generation: (target.metadata.generation ?? 0) + 1 };
  store.put(deployments, { ...target, metadata, spec: { ...target.spec, replicas: desired } });
  return desired;
}

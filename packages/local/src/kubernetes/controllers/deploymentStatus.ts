import type { Deployment, DeploymentStatus } from "../resources/deployment.ts";
import { rollingLimits } from "../resources/deployment.ts";
import { type Condition, timestamp, withCondition } from "../resources/objects.ts";
import type { ReplicaSet } from "../resources/replicaSet.ts";

// How a rollout stands, in the words of Kubernetes:
// https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status

const sum = (sets: readonly ReplicaSet[], count: (set: ReplicaSet) => number | undefined) =>
  sets.reduce((all, set) => all + (count(set) ?? 0), 0);

export function deploymentStatus(deployment: Deployment, newest: ReplicaSet, older: ReplicaSet[]): DeploymentStatus {
  const all = [newest, ...older];
  const counts = {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: sum(all, (set) => set.status.replicas),
    updatedReplicas: newest.status.replicas,
    readyReplicas: sum(all, (set) => set.status.readyReplicas),
    availableReplicas: sum(all, (set) => set.status.availableReplicas),
  };
  const unavailableReplicas = Math.max(0, sum(all, (set) => set.spec.replicas) - counts.availableReplicas);
  const status = { ...counts, ...(unavailableReplicas > 0 && { unavailableReplicas }) };
  return { ...status, conditions: conditionsOf(deployment, status, newest) };
}

/** Every pod is of the newest template, and available. */
export function isComplete({ spec }: Deployment, status: DeploymentStatus): boolean {
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0 } = status;
  return updatedReplicas === spec.replicas && replicas === spec.replicas && availableReplicas >= spec.replicas;
}

/** In how many milliseconds a rollout that gets on no more is late, 0 or fewer when it is; undefined when it cannot become so. */
export function lateAfter({ spec }: Deployment, { conditions }: DeploymentStatus): number | undefined {
  const progressing = conditions?.find((each) => each.type === "Progressing");
  // A rollout that had ended, and whose pods fail later, has not stopped to get on.
  if (progressing?.status !== "True" || progressing.reason === "NewReplicaSetAvailable") return undefined;
  const since = progressing.lastUpdateTime ?? progressing.lastTransitionTime;
  return Date.parse(since) + spec.progressDeadlineSeconds * 1000 - Date.now();
}

function conditionsOf(deployment: Deployment, status: DeploymentStatus, newest: ReplicaSet): Condition[] {
  const before = deployment.status.conditions;
  const failure = newest.status.conditions?.find((each) => each.type === "ReplicaFailure");
  const conditions = [
    availability(deployment, status),
    progress(deployment, status, newest),
    ...(failure ? [failure] : []),
  ];
  return conditions.reduce(
    (all, next) => withUpdated(all, next),
    (before ?? []).filter((each) => each.type !== "ReplicaFailure"),
  );
}

type NewCondition = Omit<Condition, "lastTransitionTime">;

/** A condition that says nothing new keeps its times, unless it brings one. */
function withUpdated(conditions: Condition[], next: NewCondition): Condition[] {
  const old = conditions.find((each) => each.type === next.type);
  const isSame = old?.status === next.status && old.reason === next.reason && old.message === next.message;
  if (isSame && next.lastUpdateTime === undefined) return conditions;
  return withCondition(conditions, { lastUpdateTime: timestamp(), ...next });
}

function availability({ spec }: Deployment, { availableReplicas = 0 }: DeploymentStatus): NewCondition {
  const needed = spec.strategy.type === "Recreate" ? spec.replicas : spec.replicas - rollingLimits(spec).maxUnavailable;
  return availableReplicas >= needed
    ? {
        type: "Available",
        status: "True",
        reason: "MinimumReplicasAvailable",
        message: "Deployment has minimum availability.",
      }
    : {
        type: "Available",
        status: "False",
        reason: "MinimumReplicasUnavailable",
        message: "Deployment does not have minimum availability.",
      };
}

function progress(deployment: Deployment, status: DeploymentStatus, newest: ReplicaSet): NewCondition {
  const { spec } = deployment;
  const { name } = newest.metadata;
  const old = deployment.status.conditions?.find((each) => each.type === "Progressing");
  if (spec.paused)
    return { type: "Progressing", status: "Unknown", reason: "DeploymentPaused", message: "Deployment is paused" };
  if (isComplete(deployment, status)) {
    const message = `ReplicaSet "${name}" has successfully progressed.`;
    return { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable", message };
  }
  const isSameRollout = old && deployment.status.observedGeneration === deployment.metadata.generation;
  if (!isSameRollout || hasMoved(deployment.status, status)) {
    const message = `ReplicaSet "${name}" is progressing.`;
    return { type: "Progressing", status: "True", reason: "ReplicaSetUpdated", message, lastUpdateTime: timestamp() };
  }
  const left = lateAfter(deployment, deployment.status);
  const { lastUpdateTime: _, ...same } = old;
  if (left === undefined ? old.status === "True" : left > 0) return same;
  const message = `ReplicaSet "${name}" has timed out progressing.`;
  return { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message };
}

function hasMoved(before: DeploymentStatus, now: DeploymentStatus): boolean {
  const grew = (count: "updatedReplicas" | "availableReplicas") => (now[count] ?? 0) > (before[count] ?? 0);
  return grew("updatedReplicas") || grew("availableReplicas") || (now.replicas ?? 0) < (before.replicas ?? 0);
}

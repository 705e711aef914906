import { type Condition, timestamp, withCondition } from "../resources/objects.ts";
import type { ContainerState, ContainerStatus, Pod, PodStatus } from "../resources/pod.ts";

// The states of a pod, in the words of the kubelet and the scheduler:
// https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/

/** The name and address of the only node there is. */
export const node = { name: "cliscale-local", address: "127.0.0.1" } as const;

export function unschedulableStatus({ status }: Pod): PodStatus {
  const message = "0/1 nodes are available: 1 node(s) had no room.";
  return set(status, { type: "PodScheduled", status: "False", reason: "Unschedulable", message });
}

export function scheduled({ status }: Pod): PodStatus {
  return set(status, { type: "PodScheduled", status: "True" });
}

/** The node has taken the pod on and prepares it. */
export function creating(pod: Pod): PodStatus {
  const { name, image } = pod.spec.containers[0]!;
  const containerStatus: ContainerStatus = {
    name,
    image,
    imageID: "",
    ready: false,
    started: false,
    restartCount: 0,
    state: { waiting: { reason: "ContainerCreating" } },
    lastState: {},
  };
  return {
    ...unready(set(pod.status, { type: "Initialized", status: "True" }), notReady(name)),
    hostIP: node.address,
    hostIPs: [{ ip: node.address }],
    startTime: timestamp(),
    containerStatuses: [containerStatus],
  };
}

export function withAddress({ status }: Pod, address: string): PodStatus {
  return {
    ...set(status, { type: "PodReadyToStartContainers", status: "True" }),
    podIP: address,
    podIPs: [{ ip: address }],
  };
}

export function waiting({ status }: Pod, reason: string, message: string): PodStatus {
  return withContainer(status, { state: { waiting: { reason, message } } });
}

export function running({ status }: Pod, containerID: string): PodStatus {
  const [container] = status.containerStatuses!;
  return {
    ...withContainer(status, {
      containerID,
      imageID: container!.image,
      state: { running: { startedAt: timestamp() } },
    }),
    phase: "Running",
  };
}

/** The startup probe has succeeded, or there is none. */
export function started({ status }: Pod): PodStatus {
  return withContainer(status, { started: true });
}

export function readiness({ status }: Pod, isReady: boolean): PodStatus {
  const next = withContainer(status, { ready: isReady });
  if (!isReady) return unready(next, notReady(status.containerStatuses![0]!.name));
  return set(set(next, { type: "ContainersReady", status: "True" }), { type: "Ready", status: "True" });
}

/** How a container ended. */
export interface Ending {
  exitCode: number;
  message: string;
  /** `Completed` or `Error` if it is not given. */
  reason?: string | undefined;
}

/** The container has ended, and with it the pod. */
export function terminated({ status }: Pod, ending: Ending): PodStatus {
  const succeeded = ending.exitCode === 0;
  return {
    ...unready(withContainer(status, { ready: false, started: false, state: endOf(status, ending) }), {
      reason: succeeded ? "PodCompleted" : "PodFailed",
    }),
    phase: succeeded ? "Succeeded" : "Failed",
  };
}

/** The container has ended, and is started again after a while. */
export function restarting({ status }: Pod, ending: Ending, backOffSeconds: number): PodStatus {
  const { name, restartCount } = status.containerStatuses![0]!;
  const message = `back-off ${backOffSeconds}s restarting failed container=${name}`;
  const next = withContainer(status, {
    ready: false,
    started: false,
    restartCount: restartCount + 1,
    state: { waiting: { reason: "CrashLoopBackOff", message } },
    lastState: endOf(status, ending),
  });
  return unready(next, notReady(name));
}

function endOf(status: PodStatus, { exitCode, message, reason }: Ending): ContainerState {
  const [container] = status.containerStatuses!;
  return {
    terminated: {
      exitCode,
      reason: reason ?? (exitCode === 0 ? "Completed" : "Error"),
      ...(message && { message }),
      startedAt: container!.state.running?.startedAt ?? timestamp(),
      finishedAt: timestamp(),
      containerID: container!.containerID ?? "",
    },
  };
}

function withContainer(status: PodStatus, change: Partial<ContainerStatus>): PodStatus {
  return { ...status, containerStatuses: status.containerStatuses!.map((container) => ({ ...container, ...change })) };
}

function set(status: PodStatus, condition: Omit<Condition, "lastTransitionTime">): PodStatus {
  return { ...status, conditions: withCondition(status.conditions, { lastProbeTime: null, ...condition }) };
}

function unready(status: PodStatus, why: { reason: string; message?: string }): PodStatus {
  return set(set(status, { type: "ContainersReady", status: "False", ...why }), {
    type: "Ready",
    status: "False",
    ...why,
  });
}

const notReady = (container: string) => ({
  reason: "ContainersNotReady",
  message: `containers with unready status: [${container}]`,
});

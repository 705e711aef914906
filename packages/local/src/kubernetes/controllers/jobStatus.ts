import type { JobStatus } from "../resources/job.ts";
import { hasCondition, timestamp, withCondition } from "../resources/objects.ts";
import { isFinishedPod, type Pod } from "../resources/pod.ts";

// The states of a Job, in the words of Kubernetes:
// https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/job/job_controller.go

export interface FailureReason {
  reason: string;
  message: string;
}

export const backoffLimitExceeded: FailureReason = {
  reason: "BackoffLimitExceeded",
  message: "Job has reached the specified backoff limit",
};
export const deadlineExceeded: FailureReason = {
  reason: "DeadlineExceeded",
  message: "Job was active longer than specified deadline",
};
const completionsReached = { reason: "CompletionsReached", message: "Reached expected number of succeeded pods" };

export function suspended(status: JobStatus, pod: Pod | undefined): JobStatus {
  const { startTime: _stopped, active: _none, ...rest } = status;
  const suspendedNow = { type: "Suspended", status: "True", reason: "JobSuspended", message: "Job suspended" } as const;
  const conditions = hasCondition(status.conditions, "Suspended")
    ? status.conditions!
    : withCondition(status.conditions, { ...suspendedNow, lastProbeTime: timestamp() });
  return {
    ...rest,
    ready: 0,
    terminating: pod && !isFinishedPod(pod) ? 1 : 0,
    uncountedTerminatedPods: {},
    conditions,
  };
}

export function started(status: JobStatus): JobStatus {
  const startedNow = { ...status, startTime: timestamp(), ready: 0, terminating: 0, uncountedTerminatedPods: {} };
  if (!hasCondition(status.conditions, "Suspended")) return startedNow;
  const resumed = { type: "Suspended", status: "False", reason: "JobResumed", message: "Job resumed" } as const;
  return { ...startedNow, conditions: withCondition(status.conditions, { ...resumed, lastProbeTime: timestamp() }) };
}

export function running(status: JobStatus, pod: Pod): JobStatus {
  return { ...status, active: 1, ready: hasCondition(pod.status.conditions, "Ready") ? 1 : 0 };
}

export function completed(status: JobStatus): JobStatus {
  const { active: _none, ...rest } = status;
  const conditions = ["SuccessCriteriaMet", "Complete"].reduce(
    (all, type) => withCondition(all, { type, status: "True", ...completionsReached, lastProbeTime: timestamp() }),
    status.conditions ?? [],
  );
  return { ...rest, conditions, completionTime: timestamp(), succeeded: 1, ready: 0, terminating: 0 };
}

export function failing(status: JobStatus, why: FailureReason): JobStatus {
  const { active: _none, ...rest } = status;
  const failureTarget = { type: "FailureTarget", status: "True", ...why, lastProbeTime: timestamp() } as const;
  return { ...rest, conditions: withCondition(status.conditions, failureTarget), ready: 0, terminating: 1 };
}

export function failed(status: JobStatus): JobStatus {
  const { reason = "", message = "" } = status.conditions!.find((condition) => condition.type === "FailureTarget")!;
  const condition = { type: "Failed", status: "True", reason, message, lastProbeTime: timestamp() } as const;
  const conditions = withCondition(status.conditions, condition);
  return { ...status, conditions, failed: (status.failed ?? 0) + 1, ready: 0, terminating: 0 };
}

/** When a finished Job finished. */
export function finishedAt(status: JobStatus): string {
  const last = status.conditions?.find((each) => ["Complete", "Failed"].includes(each.type) && each.status === "True");
  return last?.lastTransitionTime ?? timestamp();
}

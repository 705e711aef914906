import type { Ending } from "@cliscale/db";
import { type TerminationMessage, terminationMessageSchema } from "@cliscale/protocol";
import type { V1ContainerStateTerminated, V1Pod } from "@kubernetes/client-node";

/** What a pod tells about its session. */
export interface PodObservation {
  /** When its node was found, and when its program began. */
  scheduledAt?: Date;
  startedAt?: Date;
  /** Set once the terminal can be attached. */
  readyIp?: string;
  /** What it waits for, in words, where Kubernetes says so. */
  waiting?: string;
  ending?: Ending;
}

/**
 * Reads a pod's status, whose times are text when it comes from a watch and dates when it comes from a list. Nothing that the program in it wrote is believed beyond the schema of its termination
 * message.
 */
export function observePod({ status }: V1Pod): PodObservation {
  const conditions = new Map(status?.conditions?.map((condition) => [condition.type, condition]));
  const container = status?.containerStatuses?.[0];
  const scheduled = conditions.get("PodScheduled");
  const startedAt = container?.state?.running?.startedAt ?? container?.state?.terminated?.startedAt;
  const waiting = waitingFor(scheduled?.status === "False" ? scheduled : container?.state?.waiting);
  const terminated = container?.state?.terminated;
  return {
    ...(scheduled?.status === "True" &&
      scheduled.lastTransitionTime && { scheduledAt: new Date(scheduled.lastTransitionTime) }),
    ...(startedAt && { startedAt: new Date(startedAt) }),
    ...(conditions.get("Ready")?.status === "True" && status?.podIP && { readyIp: status.podIP }),
    ...(waiting && { waiting }),
    ...(terminated && { ending: endingOf(terminated) }),
    ...(!terminated && status?.phase === "Failed" && { ending: lost(status.message ?? status.reason) }),
  };
}

/** Reasons that are the ordinary course of a start and say nothing. */
const silentReasons = new Set(["ContainerCreating", "PodInitializing"]);

function waitingFor(state: { reason?: string; message?: string } | undefined): string | undefined {
  if (!state?.reason || silentReasons.has(state.reason)) return undefined;
  return state.message ? `${state.reason}: ${state.message}` : state.reason;
}

function endingOf(terminated: V1ContainerStateTerminated): Ending {
  const message = parseTerminationMessage(terminated.message);
  if (!message) {
    return lost(`${terminated.reason ?? "it ended"} (exit code ${terminated.exitCode})`);
  }
  const command = message.command === undefined ? {} : { command: message.command };
  switch (message.outcome) {
    case "exited":
      return { reason: "exited", exitCode: message.exitCode, ...command };
    case "failed":
      return { reason: "failed", message: message.message, ...command };
  }
}

function parseTerminationMessage(text: string | undefined): TerminationMessage | undefined {
  try {
    return terminationMessageSchema.safeParse(JSON.parse(text ?? "")).data;
  } catch {
    return undefined;
  }
}

function lost(reason: string | undefined): Ending {
  return { reason: "lost", message: `The pod ended without saying how: ${reason ?? "Kubernetes gives no reason"}.` };
}

import * as z from "zod";
import { objectMetadata } from "./metadata.ts";
import { type ApiObject, type Condition, hasCondition } from "./objects.ts";
import { type PodSpec, podSpec } from "./podSpec.ts";
import { defineResource, nameColumn } from "./resourceType.ts";

export interface ContainerState {
  waiting?: { reason: string; message?: string };
  running?: { startedAt: string };
  terminated?: {
    exitCode: number;
    reason: string;
    message?: string;
    startedAt: string;
    finishedAt: string;
    containerID: string;
  };
}

export interface ContainerStatus {
  name: string;
  image: string;
  imageID: string;
  containerID?: string;
  ready: boolean;
  started: boolean;
  restartCount: number;
  state: ContainerState;
  lastState: Pick<ContainerState, "terminated">;
}

export type PodPhase = "Pending" | "Running" | "Succeeded" | "Failed";

export interface PodStatus {
  phase: PodPhase;
  conditions?: Condition[];
  message?: string;
  reason?: string;
  hostIP?: string;
  hostIPs?: { ip: string }[];
  podIP?: string;
  podIPs?: { ip: string }[];
  startTime?: string;
  qosClass: "Guaranteed" | "Burstable" | "BestEffort";
  containerStatuses?: ContainerStatus[];
}

export interface Pod extends ApiObject {
  spec: PodSpec;
  status: PodStatus;
}

export const isFinishedPod = (pod: Pod) => pod.status.phase === "Succeeded" || pod.status.phase === "Failed";

/** Whether a pod takes traffic: it is ready, and not on its way out. */
export const isServing = (pod: Pod) =>
  hasCondition(pod.status.conditions, "Ready") && pod.metadata.deletionTimestamp === undefined;

export const pods = defineResource<Pod>({
  group: "",
  version: "v1",
  kind: "Pod",
  plural: "pods",
  singular: "pod",
  shortNames: ["po"],
  categories: ["all"],
  namespaced: true,
  schema: z.strictObject({
    apiVersion: z.literal("v1"),
    kind: z.literal("Pod"),
    metadata: objectMetadata,
    spec: podSpec,
  }),
  subresources: [
    { name: "log", kind: "Pod", verbs: ["get"] },
    { name: "eviction", kind: "Eviction", group: "policy", version: "v1", verbs: ["create"] },
  ],
  selectableFields: {
    "spec.nodeName": (pod) => pod.spec.nodeName ?? "",
    "spec.restartPolicy": (pod) => pod.spec.restartPolicy,
    "spec.serviceAccountName": (pod) => pod.spec.serviceAccountName,
    "status.phase": (pod) => pod.status.phase,
    "status.podIP": (pod) => pod.status.podIP ?? "",
  },
  prepareForCreate: (pod) => ({
    ...pod,
    status: { phase: "Pending", qosClass: qosClassOf(pod.spec) },
  }),
  // https://kubernetes.io/docs/concepts/workloads/pods/#pod-update-and-replacement
  immutable: (pod) => ({ spec: pod.spec }),
  columns: {
    definitions: [
      nameColumn,
      { name: "Ready", type: "string" },
      { name: "Status", type: "string" },
      { name: "Restarts", type: "string" },
      { name: "Age", type: "string" },
      { name: "IP", type: "string", priority: 1 },
      { name: "Node", type: "string", priority: 1 },
      { name: "Nominated Node", type: "string", priority: 1 },
      { name: "Readiness Gates", type: "string", priority: 1 },
    ],
    cells: (pod, age) => [
      pod.metadata.name,
      `${pod.status.containerStatuses?.filter((status) => status.ready).length ?? 0}/${pod.spec.containers.length}`,
      statusWord(pod),
      String(pod.status.containerStatuses?.[0]?.restartCount ?? 0),
      age,
      pod.status.podIP ?? "<none>",
      pod.spec.nodeName ?? "<none>",
      "<none>",
      "<none>",
    ],
  },
});

/** https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/ */
function qosClassOf(spec: PodSpec): PodStatus["qosClass"] {
  const { limits = {}, requests = limits } = spec.containers[0]!.resources;
  if (Object.keys(limits).length === 0 && Object.keys(requests).length === 0) return "BestEffort";
  const guaranteed = ["cpu", "memory"].every(
    (resource) =>
      limits[resource] !== undefined && String(limits[resource]) === String(requests[resource] ?? limits[resource]),
  );
  return guaranteed ? "Guaranteed" : "Burstable";
}

function statusWord(pod: Pod): string {
  if (pod.metadata.deletionTimestamp) return "Terminating";
  const state = pod.status.containerStatuses?.[0]?.state;
  return state?.waiting?.reason ?? state?.terminated?.reason ?? pod.status.reason ?? pod.status.phase;
}

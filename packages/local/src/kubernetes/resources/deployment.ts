import * as z from "zod";
import { isSelected, labelSelector } from "./labelSelector.ts";
import { objectMetadata } from "./metadata.ts";
import type { ApiObject, Condition } from "./objects.ts";
import { podTemplate } from "./podSpec.ts";
import { replicaSetOnly, scaleSubresource, templateCells, templateColumns } from "./replicaSet.ts";
import { defineResource, nameColumn } from "./resourceType.ts";

/** A number of pods, or a share of those that are wanted. */
export const intOrPercent = z.union([
  z.int().min(0),
  z.string().regex(/^\d{1,3}%$/, "must be a number or a percentage"),
]);
export type IntOrPercent = z.infer<typeof intOrPercent>;

/** How many pods that is, of so many; a share is rounded down unless it is to be rounded up. */
export function resolve(value: IntOrPercent, total: number, round: (share: number) => number = Math.floor): number {
  return typeof value === "number" ? value : round((Number.parseInt(value, 10) * total) / 100);
}

const strategy = z.strictObject({
  type: z.enum(["RollingUpdate", "Recreate"]).default("RollingUpdate"),
  rollingUpdate: z
    .strictObject({ maxUnavailable: intOrPercent.default("25%"), maxSurge: intOrPercent.default("25%") })
    .optional(),
});

const deploymentSpec = z
  .strictObject({
    replicas: z.int().min(0).default(1),
    selector: labelSelector,
    template: podTemplate.refine(...replicaSetOnly),
    strategy: strategy.default({ type: "RollingUpdate" }),
    minReadySeconds: z.int().min(0).default(0),
    revisionHistoryLimit: z.int().min(0).default(10),
    progressDeadlineSeconds: z.int().min(1).default(600),
    paused: z.boolean().optional(),
  })
  .refine((spec) => isSelected(spec.selector, spec.template.metadata.labels), {
    path: ["template", "metadata", "labels"],
    message: "`selector` does not match template `labels`",
  });

export interface DeploymentStatus {
  observedGeneration?: number;
  replicas?: number;
  updatedReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  unavailableReplicas?: number;
  conditions?: Condition[];
}

export interface Deployment extends ApiObject {
  spec: z.infer<typeof deploymentSpec>;
  status: DeploymentStatus;
}

/** How many pods a rolling update may have too many and too few. Never both none, as then nothing could move. */
export function rollingLimits({ strategy: { rollingUpdate }, replicas }: Deployment["spec"]) {
  const maxSurge = resolve(rollingUpdate?.maxSurge ?? "25%", replicas, Math.ceil);
  const maxUnavailable = resolve(rollingUpdate?.maxUnavailable ?? "25%", replicas);
  return maxSurge === 0 && maxUnavailable === 0 ? { maxSurge, maxUnavailable: 1 } : { maxSurge, maxUnavailable };
}

// https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/deployment-v1/
export const deployments = defineResource<Deployment>({
  group: "apps",
  version: "v1",
  kind: "Deployment",
  plural: "deployments",
  singular: "deployment",
  shortNames: ["deploy"],
  categories: ["all"],
  namespaced: true,
  subresources: [scaleSubresource],
  schema: z.strictObject({
    apiVersion: z.literal("apps/v1"),
    kind: z.literal("Deployment"),
    metadata: objectMetadata,
    spec: deploymentSpec,
  }),
  prepareForCreate: (deployment) => ({ ...deployment, status: {} }),
  immutable: ({ spec }) => ({ spec: { selector: spec.selector } }),
  columns: {
    definitions: [
      nameColumn,
      { name: "Ready", type: "string" },
      { name: "Up-to-date", type: "string" },
      { name: "Available", type: "string" },
      { name: "Age", type: "string" },
      ...templateColumns,
    ],
    cells: ({ metadata, spec, status }, age) => [
      metadata.name,
      `${status.readyReplicas ?? 0}/${spec.replicas}`,
      String(status.updatedReplicas ?? 0),
      String(status.availableReplicas ?? 0),
      age,
      ...templateCells(spec),
    ],
  },
});

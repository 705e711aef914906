import * as z from "zod";
import { formatSelector, type LabelSelector, labelSelector } from "./labelSelector.ts";
import { objectMetadata } from "./metadata.ts";
import type { ApiObject, Condition } from "./objects.ts";
import { type PodTemplate, podTemplate } from "./podSpec.ts";
import { type ColumnDefinition, defineResource, nameColumn, type Subresource } from "./resourceType.ts";

/** The label that tells the pods of one template from those of another. */
export const templateHashLabel = "pod-template-hash";

/** Pods of a set are run for ever; a check for a template's schema. */
export const replicaSetOnly = [
  ({ spec }: PodTemplate) => spec.restartPolicy === "Always",
  { path: ["spec", "restartPolicy"], message: 'Unsupported value: supported values: "Always"' },
] as const satisfies [unknown, { path: string[]; message: string }];

/** Columns of `kubectl get -o wide` that tell of a template. */
export const templateColumns: ColumnDefinition[] = ["Containers", "Images", "Selector"].map((name) => ({
  name,
  type: "string",
  priority: 1,
}));

export function templateCells({ template, selector }: { template: PodTemplate; selector: LabelSelector }): string[] {
  const { containers } = template.spec;
  const names = containers.map((container) => container.name);
  const images = containers.map((container) => container.image);
  return [names.join(","), images.join(","), formatSelector(selector)];
}

/** By which `kubectl scale` sets the number of replicas. */
export const scaleSubresource: Subresource = {
  name: "scale",
  kind: "Scale",
  group: "autoscaling",
  version: "v1",
  verbs: ["get", "patch", "update"],
};

const replicaSetSpec = z.strictObject({
  replicas: z.int().min(0).default(1),
  minReadySeconds: z.int().min(0).default(0),
  selector: labelSelector,
  template: podTemplate.refine(...replicaSetOnly),
});

export interface ReplicaSetStatus {
  replicas: number;
  fullyLabeledReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  observedGeneration?: number;
  conditions?: Condition[];
}

export interface ReplicaSet extends ApiObject {
  spec: z.infer<typeof replicaSetSpec>;
  status: ReplicaSetStatus;
}

// https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/replica-set-v1/
export const replicaSets = defineResource<ReplicaSet>({
  group: "apps",
  version: "v1",
  kind: "ReplicaSet",
  plural: "replicasets",
  singular: "replicaset",
  shortNames: ["rs"],
  categories: ["all"],
  namespaced: true,
  subresources: [scaleSubresource],
  schema: z.strictObject({
    apiVersion: z.literal("apps/v1"),
    kind: z.literal("ReplicaSet"),
    metadata: objectMetadata,
    spec: replicaSetSpec,
  }),
  prepareForCreate: (set) => ({ ...set, status: { replicas: 0 } }),
  immutable: ({ spec }) => ({ spec: { selector: spec.selector } }),
  columns: {
    definitions: [
      nameColumn,
      { name: "Desired", type: "integer" },
      { name: "Current", type: "integer" },
      { name: "Ready", type: "integer" },
      { name: "Age", type: "string" },
      ...templateColumns,
    ],
    cells: ({ metadata, spec, status }, age) => [
      metadata.name,
      spec.replicas,
      status.replicas,
      status.readyReplicas ?? 0,
      age,
      ...templateCells(spec),
    ],
  },
});

import * as z from "zod";
import { objectMetadata } from "./metadata.ts";
import type { ApiObject, Condition } from "./objects.ts";
import { defineResource, nameColumn } from "./resourceType.ts";

const autoscalerSpec = z
  .strictObject({
    scaleTargetRef: z.strictObject({ apiVersion: z.string().optional(), kind: z.string(), name: z.string() }),
    minReplicas: z.int().min(1).default(1),
    maxReplicas: z.int().min(1),
    /** There are no metrics here: kept, and not acted on. */
    metrics: z.array(z.looseObject({ type: z.string() })).optional(),
    behavior: z.looseObject({}).optional(),
  })
  .refine((spec) => spec.maxReplicas >= spec.minReplicas, {
    path: ["maxReplicas"],
    message: "must be greater than or equal to `minReplicas`",
  });

export interface Autoscaler extends ApiObject {
  spec: z.infer<typeof autoscalerSpec>;
  status: { observedGeneration?: number; currentReplicas: number; desiredReplicas: number; conditions?: Condition[] };
}

// https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/
export const autoscalers = defineResource<Autoscaler>({
  group: "autoscaling",
  version: "v2",
  kind: "HorizontalPodAutoscaler",
  plural: "horizontalpodautoscalers",
  singular: "horizontalpodautoscaler",
  shortNames: ["hpa"],
  categories: ["all"],
  namespaced: true,
  schema: z.strictObject({
    apiVersion: z.literal("autoscaling/v2"),
    kind: z.literal("HorizontalPodAutoscaler"),
    metadata: objectMetadata,
    spec: autoscalerSpec,
  }),
  prepareForCreate: (autoscaler) => ({ ...autoscaler, status: { currentReplicas: 0, desiredReplicas: 0 } }),
  columns: {
    definitions: [
      nameColumn,
      { name: "Reference", type: "string" },
      { name: "Targets", type: "string" },
      { name: "MinPods", type: "string" },
      { name: "MaxPods", type: "string" },
      { name: "Replicas", type: "string" },
      { name: "Age", type: "string" },
    ],
    cells: ({ metadata, spec, status }, age) => [
      metadata.name,
      `${spec.scaleTargetRef.kind}/${spec.scaleTargetRef.name}`,
      "<unknown>",
      String(spec.minReplicas),
      String(spec.maxReplicas),
      String(status.currentReplicas),
      age,
    ],
  },
});

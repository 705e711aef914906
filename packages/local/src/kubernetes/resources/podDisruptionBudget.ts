import * as z from "zod";
import { intOrPercent } from "./deployment.ts";
import { labelSelector } from "./labelSelector.ts";
import { objectMetadata } from "./metadata.ts";
import type { ApiObject, Condition } from "./objects.ts";
import { defineResource, nameColumn } from "./resourceType.ts";

const budgetSpec = z
  .strictObject({
    minAvailable: intOrPercent.optional(),
    maxUnavailable: intOrPercent.optional(),
    selector: labelSelector,
    unhealthyPodEvictionPolicy: z.enum(["IfHealthyBudget", "AlwaysAllow"]).optional(),
  })
  .refine((spec) => spec.minAvailable === undefined || spec.maxUnavailable === undefined, {
    path: ["minAvailable"],
    message: "minAvailable and maxUnavailable cannot be both set",
  });

export interface DisruptionBudget extends ApiObject {
  spec: z.infer<typeof budgetSpec>;
  status: {
    observedGeneration?: number | undefined;
    disruptionsAllowed: number;
    currentHealthy: number;
    desiredHealthy: number;
    expectedPods: number;
    conditions?: Condition[];
  };
}

// https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/pod-disruption-budget-v1/
export const disruptionBudgets = defineResource<DisruptionBudget>({
  group: "policy",
  version: "v1",
  kind: "PodDisruptionBudget",
  plural: "poddisruptionbudgets",
  singular: "poddisruptionbudget",
  shortNames: ["pdb"],
  namespaced: true,
  schema: z.strictObject({
    apiVersion: z.literal("policy/v1"),
    kind: z.literal("PodDisruptionBudget"),
    metadata: objectMetadata,
    spec: budgetSpec,
  }),
  prepareForCreate: (budget) => ({
    ...budget,
    status: { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 },
  }),
  columns: {
    definitions: [
      nameColumn,
      { name: "Min Available", type: "string" },
      { name: "Max Unavailable", type: "string" },
      { name: "Allowed Disruptions", type: "integer" },
      { name: "Age", type: "string" },
    ],
    cells: ({ metadata, spec, status }, age) => [
      metadata.name,
      String(spec.minAvailable ?? "N/A"),
      String(spec.maxUnavailable ?? "N/A"),
      status.disruptionsAllowed,
      age,
    ],
  },
});

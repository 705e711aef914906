import * as z from "zod";
import { objectMetadata } from "./metadata.ts";
import type { ApiObject } from "./objects.ts";
import { defineResource, type ResourceType } from "./resourceType.ts";

interface StoredKind {
  /** `GROUP/VERSION` */
  apiVersion: string;
  kind: string;
  plural: string;
  shortNames?: string[];
  namespaced?: boolean;
  /** What it has beside its metadata; a `spec` if nothing else is named. */
  fields?: Record<string, z.ZodType>;
}

const anything = z.looseObject({});

/**
 * Kinds that are kept and read back, and on which nothing here acts: what they say is not looked at beyond the names of
 * their uppermost fields. Tests of a chart check them against the vendors' schemas.
 */
const kinds: StoredKind[] = [
  { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", plural: "networkpolicies", shortNames: ["netpol"] },
  { apiVersion: "v1", kind: "LimitRange", plural: "limitranges", shortNames: ["limits"] },
  {
    apiVersion: "scheduling.k8s.io/v1",
    kind: "PriorityClass",
    plural: "priorityclasses",
    shortNames: ["pc"],
    namespaced: false,
    fields: {
      value: z.int(),
      globalDefault: z.literal(false).optional(),
      description: z.string().optional(),
      preemptionPolicy: z.enum(["PreemptLowerPriority", "Never"]).default("PreemptLowerPriority"),
    },
  },
  {
    apiVersion: "node.k8s.io/v1",
    kind: "RuntimeClass",
    plural: "runtimeclasses",
    namespaced: false,
    fields: { handler: z.string().min(1), overhead: anything.optional(), scheduling: anything.optional() },
  },
  {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    plural: "leases",
    fields: { spec: anything.optional() },
  },
  { apiVersion: "monitoring.googleapis.com/v1", kind: "PodMonitoring", plural: "podmonitorings" },
  { apiVersion: "monitoring.googleapis.com/v1", kind: "Rules", plural: "rules" },
  { apiVersion: "networking.gke.io/v1", kind: "GCPBackendPolicy", plural: "gcpbackendpolicies" },
  { apiVersion: "networking.gke.io/v1", kind: "GCPGatewayPolicy", plural: "gcpgatewaypolicies" },
  { apiVersion: "networking.gke.io/v1", kind: "HealthCheckPolicy", plural: "healthcheckpolicies" },
  { apiVersion: "networking.gke.io/v1alpha1", kind: "FQDNNetworkPolicy", plural: "fqdnnetworkpolicies" },
  { apiVersion: "monitoring.coreos.com/v1", kind: "ServiceMonitor", plural: "servicemonitors", shortNames: ["smon"] },
  {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    plural: "prometheusrules",
    shortNames: ["promrule"],
  },
];

function stored({ apiVersion, kind, plural, shortNames = [], namespaced = true, fields }: StoredKind): ResourceType {
  const [version, group = ""] = apiVersion.split("/").toReversed() as [string, string?];
  return defineResource<ApiObject>({
    group,
    version,
    kind,
    plural,
    singular: kind.toLowerCase(),
    shortNames,
    namespaced,
    schema: z.strictObject({
      apiVersion: z.literal(apiVersion),
      kind: z.literal(kind),
      metadata: objectMetadata,
      ...(fields ?? { spec: anything }),
    }),
  });
}

export const storedTypes: readonly ResourceType[] = kinds.map(stored);

const storedType = (kind: string) => storedTypes.find((type) => type.kind === kind)!;

export const priorityClasses = storedType("PriorityClass");
export const runtimeClasses = storedType("RuntimeClass");

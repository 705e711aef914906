import * as z from "zod";

// Kinds that no package on npm models, closed, from their vendors' pages; of each what the chart may use.

const map = z.record(z.string(), z.string());
const duration = z.string().regex(/^(\d+(ms|[smhdwy]))+$/, "must be a duration such as 15s");
const metadata = z.strictObject({
  name: z.string().regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/),
  namespace: z.string().optional(),
  labels: map.optional(),
  annotations: map.optional(),
});
const labelSelector = z.strictObject({
  matchLabels: map.optional(),
  matchExpressions: z
    .array(
      z.strictObject({
        key: z.string(),
        operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]),
        values: z.array(z.string()).optional(),
      }),
    )
    .optional(),
});
const kind = <Spec extends z.ZodType>(apiVersion: string, name: string, spec: Spec) =>
  z.strictObject({ apiVersion: z.literal(apiVersion), kind: z.literal(name), metadata, spec });

// https://cloud.google.com/kubernetes-engine/docs/how-to/fqdn-network-policies
const hostName = /^([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)+[a-z]+$/;
const fqdnNetworkPolicy = z.strictObject({
  podSelector: labelSelector,
  egress: z
    .array(
      z.strictObject({
        matches: z
          .array(
            z.union([
              z.strictObject({ name: z.string().regex(hostName) }),
              z.strictObject({ pattern: z.string().regex(/^[-a-z0-9.*]+$/) }),
            ]),
          )
          .min(1),
        ports: z
          .array(
            z.strictObject({
              port: z.int().min(1).max(65535),
              protocol: z.enum(["TCP", "UDP", "SCTP"]).optional(),
              endPort: z.int().optional(),
            }),
          )
          .optional(),
      }),
    )
    .min(1),
});

// https://github.com/GoogleCloudPlatform/prometheus-engine/blob/main/doc/api.md
const podMonitoring = z.strictObject({
  selector: labelSelector,
  endpoints: z
    .array(
      z.strictObject({
        port: z.union([z.int().min(1).max(65535), z.string()]),
        scheme: z.enum(["http", "https"]).optional(),
        path: z.string().startsWith("/").optional(),
        params: z.record(z.string(), z.array(z.string())).optional(),
        interval: duration,
        timeout: duration.optional(),
      }),
    )
    .min(1),
  targetLabels: z
    .strictObject({
      metadata: z.array(z.enum(["pod", "container", "node"])).optional(),
      fromPod: z.array(z.strictObject({ from: z.string(), to: z.string().optional() })).optional(),
    })
    .optional(),
  filterRunning: z.boolean().optional(),
});

const rule = z
  .strictObject({
    alert: z.string().optional(),
    record: z.string().optional(),
    expr: z.string().min(1),
    for: duration.optional(),
    labels: map.optional(),
    annotations: map.optional(),
  })
  .refine(({ alert, record }) => (alert === undefined) !== (record === undefined), "must be an alert or a record");
// Both vendors' rules are Prometheus' own: https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/
const rules = z.strictObject({
  groups: z
    .array(z.strictObject({ name: z.string(), interval: duration.optional(), rules: z.array(rule).min(1) }))
    .min(1),
});

// https://prometheus-operator.dev/docs/api-reference/api/
const serviceMonitor = z.strictObject({
  selector: labelSelector,
  endpoints: z
    .array(
      z.strictObject({
        port: z.string(),
        path: z.string().startsWith("/").optional(),
        interval: duration.optional(),
        scrapeTimeout: duration.optional(),
      }),
    )
    .min(1),
});

/** By API version and kind. */
export const ownSchemas: Record<string, z.ZodType> = {
  "networking.gke.io/v1alpha1 FQDNNetworkPolicy": kind(
    "networking.gke.io/v1alpha1",
    "FQDNNetworkPolicy",
    fqdnNetworkPolicy,
  ),
  "monitoring.googleapis.com/v1 PodMonitoring": kind("monitoring.googleapis.com/v1", "PodMonitoring", podMonitoring),
  "monitoring.googleapis.com/v1 Rules": kind("monitoring.googleapis.com/v1", "Rules", rules),
  "monitoring.coreos.com/v1 ServiceMonitor": kind("monitoring.coreos.com/v1", "ServiceMonitor", serviceMonitor),
  "monitoring.coreos.com/v1 PrometheusRule": kind("monitoring.coreos.com/v1", "PrometheusRule", rules),
};

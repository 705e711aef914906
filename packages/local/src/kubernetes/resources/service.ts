import * as z from "zod";
import { labels, nameRules, objectMetadata } from "./metadata.ts";
import type { ApiObject } from "./objects.ts";
import { defineResource, nameColumn } from "./resourceType.ts";

const portNumber = z.int().min(1).max(65535);

const servicePort = z
  .strictObject({
    name: nameRules.label.optional(),
    port: portNumber,
    targetPort: z.union([portNumber, z.string().min(1)]).optional(),
    protocol: z.literal("TCP").default("TCP"),
    appProtocol: z.string().optional(),
  })
  .transform((each) => ({ ...each, targetPort: each.targetPort ?? each.port }));
export type ServicePort = z.infer<typeof servicePort>;

const serviceSpec = z
  .strictObject({
    type: z.literal("ClusterIP").default("ClusterIP"),
    selector: labels.optional(),
    ports: z.array(servicePort).optional(),
    /** `None`: headless. An address is the API server's to give. */
    clusterIP: z.string().optional(),
    clusterIPs: z.array(z.string()).optional(),
    internalTrafficPolicy: z.literal("Cluster").default("Cluster"),
    ipFamilies: z.array(z.literal("IPv4")).default(["IPv4"]),
    ipFamilyPolicy: z.literal("SingleStack").default("SingleStack"),
    sessionAffinity: z.literal("None").default("None"),
    publishNotReadyAddresses: z.literal(false).optional(),
  })
  .refine((spec) => (spec.ports ?? []).length < 2 || spec.ports!.every((each) => each.name), {
    path: ["ports"],
    message: "each of several ports needs a name",
  });

export interface Service extends ApiObject {
  spec: z.infer<typeof serviceSpec>;
  status: { loadBalancer: Record<string, never> };
}

// https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/
export const services = defineResource<Service>({
  group: "",
  version: "v1",
  kind: "Service",
  plural: "services",
  singular: "service",
  shortNames: ["svc"],
  categories: ["all"],
  namespaced: true,
  nameRule: nameRules.label,
  schema: z.strictObject({
    apiVersion: z.literal("v1"),
    kind: z.literal("Service"),
    metadata: objectMetadata,
    spec: serviceSpec,
  }),
  prepareForCreate: (service) => ({ ...service, status: { loadBalancer: {} } }),
  // What the API server gave stays when a client leaves it out.
  prepareForUpdate: (service, { spec: { clusterIP, clusterIPs } }) => ({
    ...service,
    spec: { ...service.spec, ...(!service.spec.clusterIP && { clusterIP, clusterIPs }) },
  }),
  immutable: ({ spec }) => ({ spec: { clusterIP: spec.clusterIP } }),
  columns: {
    definitions: [
      nameColumn,
      { name: "Type", type: "string" },
      { name: "Cluster-IP", type: "string" },
      { name: "External-IP", type: "string" },
      { name: "Port(s)", type: "string" },
      { name: "Age", type: "string" },
    ],
    cells: ({ metadata, spec }, age) => [
      metadata.name,
      spec.type,
      spec.clusterIP ?? "<none>",
      "<none>",
      (spec.ports ?? []).map((each) => `${each.port}/${each.protocol}`).join(",") || "<none>",
      age,
    ],
  },
});

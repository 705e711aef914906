import * as z from "zod";
import { objectMetadata } from "./metadata.ts";
import type { ApiObject, Condition } from "./objects.ts";
import { defineResource, nameColumn } from "./resourceType.ts";

// What is acted on is validated, the rest kept as it is: https://gateway-api.sigs.k8s.io/reference/spec/
const group = "gateway.networking.k8s.io";
const portNumber = z.int().min(1).max(65535);

const listener = z.looseObject({
  name: z.string().min(1),
  port: portNumber,
  protocol: z.string().min(1),
  hostname: z.string().optional(),
});

const gatewaySpec = z.looseObject({ gatewayClassName: z.string().min(1), listeners: z.array(listener).min(1) });

export interface Gateway extends ApiObject {
  spec: z.infer<typeof gatewaySpec>;
  status?: { addresses?: { type: string; value: string }[]; conditions?: Condition[] };
}

export const gateways = defineResource<Gateway>({
  group,
  version: "v1",
  kind: "Gateway",
  plural: "gateways",
  singular: "gateway",
  shortNames: ["gtw"],
  namespaced: true,
  schema: z.strictObject({
    apiVersion: z.literal(`${group}/v1`),
    kind: z.literal("Gateway"),
    metadata: objectMetadata,
    spec: gatewaySpec,
  }),
  columns: {
    definitions: [
      nameColumn,
      { name: "Class", type: "string" },
      { name: "Address", type: "string" },
      { name: "Programmed", type: "string" },
      { name: "Age", type: "string" },
    ],
    cells: ({ metadata, spec, status }, age) => [
      metadata.name,
      spec.gatewayClassName,
      status?.addresses?.[0]?.value ?? "",
      status?.conditions?.find((each) => each.type === "Programmed")?.status ?? "Unknown",
      age,
    ],
  },
});

const parentReference = z.looseObject({
  name: z.string().min(1),
  namespace: z.string().optional(),
  sectionName: z.string().optional(),
});

const backendReference = z.looseObject({
  kind: z.literal("Service").default("Service"),
  name: z.string().min(1),
  namespace: z.string().optional(),
  port: portNumber,
});

const routeSpec = z.looseObject({
  parentRefs: z.array(parentReference).min(1),
  hostnames: z.array(z.string()).optional(),
  rules: z.array(z.looseObject({ backendRefs: z.array(backendReference).optional() })).optional(),
});

export interface HttpRoute extends ApiObject {
  spec: z.infer<typeof routeSpec>;
  status?: { parents: object[] };
}

export const httpRoutes = defineResource<HttpRoute>({
  group,
  version: "v1",
  kind: "HTTPRoute",
  plural: "httproutes",
  singular: "httproute",
  namespaced: true,
  schema: z.strictObject({
    apiVersion: z.literal(`${group}/v1`),
    kind: z.literal("HTTPRoute"),
    metadata: objectMetadata,
    spec: routeSpec,
  }),
  columns: {
    definitions: [nameColumn, { name: "Hostnames", type: "string" }, { name: "Age", type: "string" }],
    cells: ({ metadata, spec }, age) => [metadata.name, JSON.stringify(spec.hostnames ?? []), age],
  },
});

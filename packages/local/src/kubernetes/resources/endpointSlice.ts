import * as z from "zod";
import { objectMetadata } from "./metadata.ts";
import type { ApiObject } from "./objects.ts";
import { defineResource, nameColumn } from "./resourceType.ts";

export interface EndpointSlice extends ApiObject {
  addressType: "IPv4";
  endpoints: {
    addresses: string[];
    conditions: { ready: boolean; serving: boolean; terminating: boolean };
    nodeName?: string | undefined;
    targetRef: { kind: "Pod"; name: string; namespace: string | undefined; uid: string };
  }[];
  ports: { name: string; port: number; protocol: "TCP" }[];
}

/** The label that says of which Service a slice is. */
export const serviceNameLabel = "kubernetes.io/service-name";

/** Slices are written by their controller alone; the schema admits none from a client. */
export const endpointSlices = defineResource<EndpointSlice>({
  group: "discovery.k8s.io",
  version: "v1",
  kind: "EndpointSlice",
  plural: "endpointslices",
  singular: "endpointslice",
  namespaced: true,
  schema: z.strictObject({
    apiVersion: z.literal("discovery.k8s.io/v1"),
    kind: z.literal("EndpointSlice"),
    metadata: objectMetadata,
    addressType: z.never("the Kubernetes stand-in does not model endpoint slices from clients"),
  }),
  columns: {
    definitions: [
      nameColumn,
      { name: "AddressType", type: "string" },
      { name: "Ports", type: "string" },
      { name: "Endpoints", type: "string" },
      { name: "Age", type: "string" },
    ],
    cells: ({ metadata, addressType, ports, endpoints }, age) => [
      metadata.name,
      addressType,
      ports.map((each) => each.port).join(",") || "<unset>",
      endpoints.flatMap((each) => each.addresses).join(",") || "<unset>",
      age,
    ],
  },
});

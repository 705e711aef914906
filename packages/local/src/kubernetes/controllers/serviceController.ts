import type { Logger } from "@cliscale/service";
import { generateName } from "../api/createObject.ts";
import { type EndpointSlice, endpointSlices, serviceNameLabel } from "../resources/endpointSlice.ts";
import { controllerOf, controllerReference, matchesLabels, timestamp } from "../resources/objects.ts";
import { isFinishedPod, isServing, type Pod, pods } from "../resources/pod.ts";
import { portOf } from "../resources/podSpec.ts";
import { type Service, services } from "../resources/service.ts";
import type { Store } from "../store/store.ts";
import { keysBeside, startController } from "./controller.ts";

/** Writes down which pods are behind each Service. https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/ */
export function startServiceController(store: Store, logger: Logger): () => void {
  return startController(store, logger, {
    name: "endpoint slice controller",
    collection: services,
    concerns: ({ collection, object }) => (collection.id === pods.id ? keysBeside(store, services, object) : []),
    sync(service) {
      if (!service.spec.selector || service.metadata.deletionTimestamp) return;
      const existing = store
        .list(endpointSlices, service.metadata.namespace)
        .find((slice) => controllerOf(slice)?.uid === service.metadata.uid);
      const slice = sliceOf(store, service, existing ?? newSlice(service));
      if (JSON.stringify(slice) !== JSON.stringify(existing)) store.put(endpointSlices, slice);
    },
  });
}

/** The pods that a Service selects and that have an address. */
export function podsBehind(store: Store, { metadata, spec }: Service): Pod[] {
  const { selector } = spec;
  if (!selector) return [];
  return store
    .list(pods, metadata.namespace)
    .filter((pod) => matchesLabels(pod.metadata.labels, selector) && pod.status.podIP && !isFinishedPod(pod));
}

function newSlice(service: Service): EndpointSlice {
  const { name, namespace } = service.metadata;
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: generateName(`${name}-`),
      generateName: `${name}-`,
      namespace,
      uid: crypto.randomUUID(),
      resourceVersion: "",
      generation: 1,
      creationTimestamp: timestamp(),
      labels: { [serviceNameLabel]: name, "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io" },
      ownerReferences: [controllerReference(service)],
    },
    addressType: "IPv4",
    endpoints: [],
    ports: [],
  };
}

/** A name stands for the same port in all pods here, as they are of one template; the first pod says for which. */
function sliceOf(store: Store, service: Service, slice: EndpointSlice): EndpointSlice {
  const behind = podsBehind(store, service);
  const ports = (service.spec.ports ?? []).flatMap(({ name = "", targetPort, protocol }) => {
    const port = behind[0] ? portOf(behind[0].spec.containers[0]!, targetPort) : undefined;
    return port === undefined ? [] : [{ name, port, protocol }];
  });
  const endpoints = behind.map(({ metadata, spec, status, ...pod }) => {
    const terminating = metadata.deletionTimestamp !== undefined;
    const ready = isServing({ metadata, spec, status, ...pod });
    return {
      addresses: [status.podIP!],
      conditions: { ready, serving: ready, terminating },
      nodeName: spec.nodeName,
      targetRef: { kind: "Pod" as const, name: metadata.name, namespace: metadata.namespace, uid: metadata.uid },
    };
  });
  return { ...slice, endpoints, ports };
}

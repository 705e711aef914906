import { podsBehind } from "../controllers/serviceController.ts";
import { gateways, type HttpRoute, httpRoutes } from "../resources/gatewayApi.ts";
import { isServing, type Pod } from "../resources/pod.ts";
import { portOf } from "../resources/podSpec.ts";
import { type Service, services } from "../resources/service.ts";
import type { Store } from "../store/store.ts";
import type { Backend } from "./spreader.ts";

/** Where the pods of a Service that take traffic are to be reached, for one of the Service's ports. */
export function backendsOf(store: Store, service: Service, servicePort: number): Backend[] {
  const target = service.spec.ports?.find((each) => each.port === servicePort)?.targetPort;
  return target === undefined ? [] : addressesOf(servingPods(store, service), target);
}

/** Where the one HTTPRoute with a backend leads. */
export function backendsOfRoute(store: Store): Backend[] {
  const found = routed(store);
  return found ? backendsOf(store, found.service, found.port) : [];
}

/** The same pods at their port of a name, the oldest first. */
export function podPortsOfRoute(store: Store, portName: string): Backend[] {
  const found = routed(store);
  return found ? addressesOf(servingPods(store, found.service), portName) : [];
}

function servingPods(store: Store, service: Service): Pod[] {
  return podsBehind(store, service)
    .filter(isServing)
    .sort((a, b) => bornAt(a) - bornAt(b));
}

const bornAt = ({ metadata }: Pod) => Date.parse(metadata.creationTimestamp);

function addressesOf(serving: readonly Pod[], target: number | string): Backend[] {
  return serving.flatMap(({ spec, status }) => {
    const port = portOf(spec.containers[0]!, target);
    return port === undefined ? [] : [{ host: status.podIP!, port }];
  });
}

/** Routes that only redirect, or that no Gateway carries, lead nowhere. */
function routed(store: Store): { service: Service; port: number } | undefined {
  for (const route of store.list(httpRoutes)) {
    const reference = route.spec.rules?.flatMap((rule) => rule.backendRefs ?? [])[0];
    if (!reference || !isCarried(store, route)) continue;
    const service = store.get(services, reference.namespace ?? route.metadata.namespace, reference.name);
    if (service) return { service, port: reference.port };
  }
  return undefined;
}

function isCarried(store: Store, { metadata, spec }: HttpRoute): boolean {
  return spec.parentRefs.some((parent) => store.get(gateways, parent.namespace ?? metadata.namespace, parent.name));
}

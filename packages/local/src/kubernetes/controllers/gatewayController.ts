import type { Logger } from "@cliscale/service";
import { host } from "../api/openServer.ts";
import { gateways, type HttpRoute, httpRoutes } from "../resources/gatewayApi.ts";
import { type Condition, withCondition } from "../resources/objects.ts";
import { services } from "../resources/service.ts";
import type { Store } from "../store/store.ts";
import { keysBeside, putStatus, startController } from "./controller.ts";

const controllerName = "cliscale.dev/local-gateway";

/** Tells Gateways and HTTPRoutes that they are in effect, or why not. https://gateway-api.sigs.k8s.io/concepts/api-overview/ */
export function startGatewayController(store: Store, logger: Logger): () => void {
  const stopGateways = startController(store, logger, {
    name: "gateway controller",
    collection: gateways,
    sync(gateway) {
      const observedGeneration = gateway.metadata.generation ?? 0;
      const conditions = ["Accepted", "Programmed"].reduce<Condition[]>(
        (all, type) => withCondition(all, { type, status: "True", reason: type, message: "", observedGeneration }),
        gateway.status?.conditions ?? [],
      );
      putStatus(store, gateways, gateway, { addresses: [{ type: "IPAddress", value: host }], conditions });
    },
  });
  const stopRoutes = startController(store, logger, {
    name: "route controller",
    collection: httpRoutes,
    concerns: ({ collection, object }) =>
      collection.id === services.id || collection.id === gateways.id ? keysBeside(store, httpRoutes, object) : [],
    sync: (route) => putStatus(store, httpRoutes, route, { parents: parentsOf(store, route) }),
  });
  return () => {
    stopGateways();
    stopRoutes();
  };
}

/** What each Gateway that a route names makes of it. */
function parentsOf(store: Store, route: HttpRoute): object[] {
  const { namespace, generation = 0 } = route.metadata;
  const before = (route.status?.parents ?? []) as { parentRef: unknown; conditions: Condition[] }[];
  return route.spec.parentRefs.map((parentRef) => {
    const isThere = store.get(gateways, parentRef.namespace ?? namespace, parentRef.name) !== undefined;
    const missing = missingBackend(store, route);
    const old = before.find((each) => JSON.stringify(each.parentRef) === JSON.stringify(parentRef))?.conditions;
    const accepted = isThere
      ? ({ status: "True", reason: "Accepted", message: "" } as const)
      : ({ status: "False", reason: "NoMatchingParent", message: `there is no Gateway ${parentRef.name}` } as const);
    const resolved =
      missing === undefined
        ? ({ status: "True", reason: "ResolvedRefs", message: "" } as const)
        : ({ status: "False", reason: "BackendNotFound", message: `there is no Service ${missing}` } as const);
    const conditions = withCondition(
      withCondition(old, { type: "Accepted", ...accepted, observedGeneration: generation }),
      { type: "ResolvedRefs", ...resolved, observedGeneration: generation },
    );
    return { parentRef, controllerName, conditions };
  });
}

function missingBackend(store: Store, { metadata, spec }: HttpRoute): string | undefined {
  const references = (spec.rules ?? []).flatMap((rule) => rule.backendRefs ?? []);
  return references.find(({ namespace, name }) => !store.get(services, namespace ?? metadata.namespace, name))?.name;
}

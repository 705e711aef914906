import type { Pod } from "../resources/pod.ts";
import { services } from "../resources/service.ts";
import type { Store } from "../store/store.ts";

/** The domain below which Services have their names. */
const clusterDomain = "cluster.local";

/**
 * Lines for a pod's `/etc/hosts`: itself, and in place of a DNS server the Services there are when it starts.
 * https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/
 */
export function hostsOf(store: Store, { metadata, spec, status }: Pod): string[] {
  const own = `${status.podIP}\t${spec.hostname ?? metadata.name}`;
  const others = store.list(services).flatMap((service) => {
    const { name, namespace } = service.metadata;
    const { clusterIP } = service.spec;
    if (!clusterIP || clusterIP === "None") return [];
    const full = `${name}.${namespace}.svc`;
    const short = namespace === metadata.namespace ? [name] : [];
    return [`${clusterIP}\t${[`${full}.${clusterDomain}`, full, `${name}.${namespace}`, ...short].join(" ")}`];
  });
  return [own, ...others];
}

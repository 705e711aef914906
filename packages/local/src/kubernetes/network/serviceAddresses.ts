import type { Logger } from "@cliscale/service";
import { keyFor } from "../controllers/controller.ts";
import { createEventRecorder } from "../controllers/eventRecorder.ts";
import { createWorkQueue } from "../controllers/workQueue.ts";
import type { AddressPool } from "../kubelet/addresses.ts";
import { type Service, services } from "../resources/service.ts";
import type { Store } from "../store/store.ts";
import { backendsOf } from "./backends.ts";
import { type Spreader, startSpreader } from "./spreader.ts";

/** What a Service has on this machine: a loopback address, and a listener for each of its ports. */
interface Open {
  address: string;
  listeners: Map<number, Promise<Spreader | undefined>>;
}

/**
 * Gives each Service an address of the pods' range, at which its ports lead to its ready pods.
 * https://kubernetes.io/docs/reference/networking/virtual-ips/
 */
export function startServiceAddresses(
  store: Store,
  addresses: AddressPool,
  logger: Logger,
): { close: () => Promise<void> } {
  const events = createEventRecorder(store, "service-proxy");
  /** By uid. */
  const open = new Map<string, Open>();

  const listen = async (service: Service, address: string, port: number): Promise<Spreader | undefined> => {
    const current = () => store.get(services, service.metadata.namespace, service.metadata.name);
    const backends = () => {
      const found = current();
      return found ? backendsOf(store, found, port) : [];
    };
    try {
      return await startSpreader({ host: address, port }, backends, logger);
    } catch (error) {
      // Ports below 1024 are not everybody's to open.
      events.record(service, "Warning", "FailedToListen", `${address}:${port}: ${(error as Error).message}`);
      return undefined;
    }
  };

  const shut = async (uid: string) => {
    const found = open.get(uid);
    open.delete(uid);
    for (const listener of found?.listeners.values() ?? []) await (await listener)?.close();
    if (found) addresses.release(found.address);
  };

  const sync = (service: Service) => {
    const { clusterIP, ports = [] } = service.spec;
    if (clusterIP === "None") return;
    const state: Open = open.get(service.metadata.uid) ?? { address: addresses.take(), listeners: new Map() };
    open.set(service.metadata.uid, state);
    const wanted = new Set(ports.map((each) => each.port));
    for (const [port, listener] of state.listeners) {
      if (wanted.has(port)) continue;
      state.listeners.delete(port);
      void listener.then((each) => each?.close());
    }
    for (const port of wanted) {
      if (!state.listeners.has(port)) state.listeners.set(port, listen(service, state.address, port));
    }
    if (clusterIP === state.address) return;
    const spec = { ...service.spec, clusterIP: state.address, clusterIPs: [state.address] };
    store.put(services, { ...service, spec });
  };

  const queue = createWorkQueue("service addresses", logger, (key) => {
    const slash = key.indexOf("/");
    const service = store.get(services, key.slice(0, slash), key.slice(slash + 1));
    if (service) sync(service);
  });
  const unsubscribe = store.subscribe(({ collection, type, object }) => {
    if (collection.id !== services.id) return;
    if (type === "DELETED") void shut(object.metadata.uid);
    else queue.add(keyFor(object));
  });
  return {
    async close() {
      unsubscribe();
      queue.close();
      await Promise.all([...open.keys()].map(shut));
    },
  };
}

import type { Logger } from "@cliscale/service";
import { host } from "../api/openServer.ts";
import type { Store } from "../store/store.ts";
import { backendsOfRoute, podPortsOfRoute } from "./backends.ts";
import { type Spreader, startSpreader } from "./spreader.ts";

/** Ports on 127.0.0.1 by which the pods are reached that the cluster's HTTPRoute leads to; 0 for any free one. */
export interface RoutePorts {
  /** Spreads connections over the pods, as the load balancer of a Gateway does. */
  route?: number | undefined;
  /** Leads to the oldest of those pods, at its port named `admin`; another takes over when that one is gone. */
  admin?: number | undefined;
}

export interface OpenRoutePorts extends RoutePorts {
  close(): Promise<void>;
}

/** What a container calls the port of its metrics and probes. */
const adminPortName = "admin";

/** Rejects when one of the ports is taken. */
export async function openRoutePorts(store: Store, ports: RoutePorts, logger: Logger): Promise<OpenRoutePorts> {
  const opened: Spreader[] = [];
  const open = async (port: number | undefined, backends: Parameters<typeof startSpreader>[1]) => {
    if (port === undefined) return undefined;
    const spreader = await startSpreader({ host, port }, backends, logger);
    opened.push(spreader);
    return spreader.port;
  };
  const close = async () => void (await Promise.all(opened.map((each) => each.close())));
  try {
    return {
      route: await open(ports.route, () => backendsOfRoute(store)),
      admin: await open(ports.admin, () => podPortsOfRoute(store, adminPortName).slice(0, 1)),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@cliscale/service";
import { createApiServer } from "./api/apiServer.ts";
import { createAuthenticator, type UserId, users } from "./api/authenticate.ts";
import { createFaults } from "./api/faults.ts";
import { host, openServer } from "./api/openServer.ts";
import { controllers } from "./controllers/all.ts";
import { loadCertificates } from "./credentials/certificates.ts";
import { writeKubeconfig } from "./credentials/kubeconfig.ts";
import { loadTokens } from "./credentials/tokens.ts";
import { createAddressPool } from "./kubelet/addresses.ts";
import { type Images, productImages } from "./kubelet/images.ts";
import { hostProcess } from "./kubelet/hostProcess.ts";
import { chooseIsolation } from "./kubelet/isolation.ts";
import { startKubelet } from "./kubelet/kubelet.ts";
import { openRoutePorts, type RoutePorts } from "./network/routePorts.ts";
import { startServiceAddresses } from "./network/serviceAddresses.ts";
import { openKeptObjects } from "./store/keptObjects.ts";
import { type Contents, runnerNamespace, seed } from "./store/seed.ts";
import { createStore } from "./store/store.ts";

export interface KubernetesOptions {
  /** 0: any free port. */
  port: number;
  /** The absolute path of the `.cliscale` folder: `ca.crt` and `kubeconfig` go there, the rest below `kubernetes`. */
  stateDirectory: string;
  /** Loopback addresses of pods, for example `127.64.0.0/16`. */
  podRange: string;
  logger: Logger;
  /** Ports by which the pods are reached that the cluster's HTTPRoute leads to; none if not given. */
  routePorts?: RoutePorts;
  /** What the cluster holds from the start: `product`, the runner namespace with what the functions may do in it, or nothing but what every cluster has. */
  contents?: Contents;
  /** The file in which objects outlive the cluster, but for pods and Jobs; without it everything is forgotten. */
  objectsFile?: string;
  /** What container images stand for; the product's own by default. */
  images?: Images;
  /** false: pods are ordinary processes even where they could be sandboxed. */
  sandbox?: boolean;
  /** How many changes of each resource a watch can catch up on. */
  historyLength?: number;
}

export interface Kubernetes {
  port: number;
  /** `https://127.0.0.1:PORT` */
  url: string;
  /** PEM of the authority that signed the server's certificate. */
  ca: string;
  kubeconfigPath: string;
  routePorts: RoutePorts;
  tokens: Record<UserId, string>;
  /** Whether pods are kept from what is not their own. */
  sandboxed: boolean;
  /**
   * Injects a fault, as `POST /faults` does for an administrator.
   * @throws StatusError for what is no fault.
   */
  injectFault: (fault: unknown) => void;
  /** Ends all pods, then the server. */
  close(): Promise<void>;
}

/** How long pods have to end when the cluster is stopped, in milliseconds; no pod may outlive it. */
const stopGraceMilliseconds = 2000;

/** Starts a cluster of one machine: its API, its controllers, and the node that runs pods as processes. */
export async function startKubernetes(options: KubernetesOptions): Promise<Kubernetes> {
  const { stateDirectory } = options;
  const privateDirectory = join(stateDirectory, "kubernetes");
  await mkdir(privateDirectory, { recursive: true, mode: 0o700 });
  const certificates = await loadCertificates(stateDirectory, privateDirectory);
  const tokens = await loadTokens(privateDirectory);

  // The port is taken before anything is touched that another cluster with the same state may be using.
  const server = await openServer(certificates, options.port);
  const url = `https://${host}:${server.port}`;
  const kubeconfigPath = join(stateDirectory, "kubeconfig");
  try {
    const cluster = await startCluster(options, tokens, join(privateDirectory, "pods"));
    await writeKubeconfig(kubeconfigPath, {
      server: url,
      ca: certificates.ca,
      user: users.admin.name,
      token: tokens.admin,
      namespace: runnerNamespace,
    });
    server.serve(cluster.answer);
    let stopped: Promise<void> | undefined;
    return {
      port: server.port,
      url,
      ca: certificates.ca,
      kubeconfigPath,
      routePorts: cluster.routePorts,
      tokens,
      sandboxed: cluster.sandboxed,
      injectFault: cluster.injectFault,
      close: () => (stopped ??= cluster.stop().then(server.close)),
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** Everything behind the port. */
async function startCluster(options: KubernetesOptions, tokens: Record<UserId, string>, podsDirectory: string) {
  const { logger } = options;
  const keptObjects = options.objectsFile ? await openKeptObjects(options.objectsFile) : undefined;
  const isolation = options.sandbox === false ? hostProcess : await chooseIsolation(logger);
  const store = createStore(options.historyLength);
  const addresses = createAddressPool(options.podRange);
  const faults = createFaults();
  const kubelet = await startKubelet({
    store,
    logger,
    takeFault: faults.takeForPod,
    images: options.images ?? productImages(options.stateDirectory),
    isolation,
    addresses,
    podsDirectory,
  });
  const stopControllers = controllers.map((start) => start(store, logger));
  const serviceAddresses = startServiceAddresses(store, addresses, logger);
  const stop = async () => {
    await stopKeeping?.();
    await kubelet.close(stopGraceMilliseconds);
    for (const stopController of stopControllers) stopController();
    await serviceAddresses.close();
  };
  seed(store, options.contents ?? "product");
  const stopKeeping = keptObjects?.keepThoseOf(store);
  const routePorts = await openRoutePorts(store, options.routePorts ?? {}, logger).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    answer: createApiServer({ store, kubelet, logger, faults, authenticate: createAuthenticator(tokens) }),
    sandboxed: isolation.sandboxed,
    injectFault: faults.add,
    routePorts: { route: routePorts.route, admin: routePorts.admin },
    async stop() {
      await routePorts.close();
      await stop();
    },
  };
}

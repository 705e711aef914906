import { mkdir } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Logger } from "@cliscale/service";
import { createApiServer } from "./api/apiServer.ts";
import { createAuthenticator, type UserId, users } from "./api/authenticate.ts";
import { createFaults } from "./api/faults.ts";
import { startGarbageCollector } from "./controllers/garbageCollector.ts";
import { startJobController } from "./controllers/jobController.ts";
import { startNamespaceController } from "./controllers/namespaceController.ts";
import { loadCertificates } from "./credentials/certificates.ts";
import { writeKubeconfig } from "./credentials/kubeconfig.ts";
import { loadTokens } from "./credentials/tokens.ts";
import { type Images, productImages } from "./kubelet/images.ts";
import { hostProcess } from "./kubelet/hostProcess.ts";
import { chooseIsolation } from "./kubelet/isolation.ts";
import { startKubelet } from "./kubelet/kubelet.ts";
import { runnerNamespace, seed } from "./store/seed.ts";
import { createStore } from "./store/store.ts";

export interface KubernetesOptions {
  /** 0: any free port. */
  port: number;
  /** The absolute path of the `.cliscale` folder: `ca.crt` and `kubeconfig` go there, the rest below `kubernetes`. */
  stateDirectory: string;
  /** Loopback addresses of pods, for example `127.64.0.0/16`. */
  podRange: string;
  logger: Logger;
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
  tokens: Record<UserId, string>;
  /** Whether pods are kept from what is not their own. */
  sandboxed: boolean;
  /** Ends all pods, then the server. */
  close(): Promise<void>;
}

const host = "127.0.0.1";

/** How long pods have to end when the cluster is stopped, in milliseconds; no pod may outlive it. */
const stopGraceMilliseconds = 2000;

/** Starts a cluster of one machine: its API, its controllers, and the node that runs pods as processes. */
export async function startKubernetes(options: KubernetesOptions): Promise<Kubernetes> {
  const { stateDirectory, logger } = options;
  const privateDirectory = join(stateDirectory, "kubernetes");
  await mkdir(privateDirectory, { recursive: true, mode: 0o700 });
  const { ca, certificate, key } = await loadCertificates(stateDirectory, privateDirectory);
  const tokens = await loadTokens(privateDirectory);

  const isolation = options.sandbox === false ? hostProcess : await chooseIsolation(logger);
  const store = createStore(options.historyLength);
  const faults = createFaults();
  const kubelet = await startKubelet({
    store,
    takeFault: faults.takeForPod,
    logger,
    images: options.images ?? productImages(stateDirectory),
    isolation,
    podRange: options.podRange,
    podsDirectory: join(privateDirectory, "pods"),
  });
  const stopControllers = [startJobController, startGarbageCollector, startNamespaceController].map((start) =>
    start(store, logger),
  );
  seed(store);

  const server = createServer(
    { cert: certificate, key },
    createApiServer({ store, kubelet, logger, faults, authenticate: createAuthenticator(tokens) }),
  );
  // Clients keep connections for later; they must not find one closed that they have just chosen.
  server.keepAliveTimeout = 120_000;
  const port = await listen(server, options.port);
  const url = `https://${host}:${port}`;
  const kubeconfigPath = join(stateDirectory, "kubeconfig");
  await writeKubeconfig(kubeconfigPath, {
    server: url,
    ca,
    user: users.admin.name,
    token: tokens.admin,
    namespace: runnerNamespace,
  });

  const stop = async () => {
    await kubelet.close(stopGraceMilliseconds);
    for (const stopController of stopControllers) stopController();
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  let stopped: Promise<void> | undefined;
  return {
    port,
    url,
    ca,
    kubeconfigPath,
    tokens,
    sandboxed: isolation.sandboxed,
    close: () => (stopped ??= stop()),
  };
}

/** The port that the server listens on. */
function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

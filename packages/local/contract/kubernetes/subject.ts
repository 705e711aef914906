import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "@cliscale/service";
import { KubeConfig } from "@kubernetes/client-node";
import { baseEnvironment } from "../../src/kubernetes/kubelet/images.ts";
import { type Kubernetes, type KubernetesOptions, startKubernetes } from "../../src/kubernetes/server.ts";
import { type Answer, type RequestOptions, sendRequest } from "./request.ts";

/** A Kubernetes, real or not, that the contract is checked on. */
export interface KubernetesSubject {
  kubeConfig: KubeConfig;
  /** A namespace in which Jobs, pods and secrets can be made. */
  namespace: string;
  /** An image that has `sh` and `node`. */
  image: string;
  /** A request without a client library between; bodies are JSON. */
  send(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  /** What does not come about within this is taken not to, in milliseconds. */
  patienceMilliseconds: number;
  /** A name that nothing else has. It is also the value of the label `cliscale.dev/contract` of what a case makes. */
  newName(): string;
  /** Removes what the cases made. */
  close(): Promise<void>;
}

/** A real cluster, by kubeconfig. Pods must be able to run in the namespace, and the image to be pulled. */
export function openCluster(kubeconfigPath: string): KubernetesSubject {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(kubeconfigPath);
  const namespace = process.env["CLISCALE_CONTRACT_NAMESPACE"] ?? "default";
  const image = process.env["CLISCALE_CONTRACT_IMAGE"] ?? "node:24-alpine";
  const names: string[] = [];
  const subject: KubernetesSubject = {
    kubeConfig,
    namespace,
    image,
    // Its first pod has to wait for its image, and perhaps for a node.
    patienceMilliseconds: 120_000,
    send: (method, path, options) => sendRequest(kubeConfig, method, path, options),
    newName() {
      const name = `contract-${randomBytes(5).toString("hex")}`;
      names.push(name);
      return name;
    },
    async close() {
      const selector = `labelSelector=${encodeURIComponent(`cliscale.dev/contract in (${names.join(",")})`)}`;
      const body = { propagationPolicy: "Background", gracePeriodSeconds: 0 };
      for (const collection of [
        "apis/apps/v1/namespaces/NS/deployments",
        "apis/batch/v1/namespaces/NS/jobs",
        "api/v1/namespaces/NS/pods",
        "api/v1/namespaces/NS/secrets",
      ]) {
        await subject.send("DELETE", `/${collection.replace("NS", namespace)}?${selector}`, { body });
      }
    },
  };
  return subject;
}

export interface StandInOptions extends Partial<KubernetesOptions> {
  /** The kubeconfig by which the stand-in is reached, if there is something between it and its clients. */
  kubeconfigOf?: (standIn: Kubernetes) => Promise<string>;
}

export interface StandInSubject extends KubernetesSubject {
  standIn: Kubernetes;
  stateDirectory: string;
}

/** A stand-in of its own, with a state of its own unless it is given one. */
export async function openStandIn({ kubeconfigOf, ...options }: StandInOptions = {}): Promise<StandInSubject> {
  const stateDirectory = options.stateDirectory ?? (await mkdtemp(join(tmpdir(), "cliscale-kubernetes-")));
  const standIn = await startKubernetes({
    port: 0,
    stateDirectory,
    podRange: "127.66.0.0/16",
    logger: createLogger("kubernetes"),
    images: { node: { entrypoint: ["node"], environment: { ...baseEnvironment }, readable: [] } },
    ...options,
  });
  return {
    ...openCluster((await kubeconfigOf?.(standIn)) ?? standIn.kubeconfigPath),
    standIn,
    stateDirectory,
    patienceMilliseconds: 30_000,
    async close() {
      await standIn.close();
      await rm(stateDirectory, { recursive: true });
    },
  };
}

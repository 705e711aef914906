import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "@cliscale/service";
import { KubeConfig } from "@kubernetes/client-node";
import { baseEnvironment } from "../../src/kubernetes/kubelet/images.ts";
import { type Kubernetes, startKubernetes } from "../../src/kubernetes/server.ts";
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

/** A stand-in of its own. `kubeconfigOf` may put something between it and its clients. */
export async function openStandIn(
  kubeconfigOf: (standIn: Kubernetes) => Promise<string> = async ({ kubeconfigPath }) => kubeconfigPath,
): Promise<KubernetesSubject & { standIn: Kubernetes }> {
  const stateDirectory = await mkdtemp(join(tmpdir(), "cliscale-kubernetes-"));
  const standIn = await startKubernetes({
    port: 0,
    stateDirectory,
    podRange: "127.66.0.0/16",
    logger: createLogger("kubernetes"),
    images: { node: { entrypoint: ["node"], environment: { ...baseEnvironment }, readable: [] } },
  });
  return {
    ...openCluster(await kubeconfigOf(standIn)),
    standIn,
    async close() {
      await standIn.close();
      await rm(stateDirectory, { recursive: true });
    },
  };
}

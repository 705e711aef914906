import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { BatchV1Api, CoreV1Api, KubeConfig, RbacAuthorizationV1Api } from "@kubernetes/client-node";
import type { TestStack } from "./stack.ts";

/** Namespace of the runner Jobs. */
export const namespace = "cliscale-runners";

/** Name of the Job of a session, and of its Secret. */
export const jobName = (sessionId: string) => `session-${sessionId}`;

/** A fault of the Kubernetes stand-in: see "Faults" in packages/local/src/kubernetes/README.md. */
export interface Fault {
  match?: { verb?: string; resource?: string; name?: string; user?: string; job?: string };
  fault: object;
  times?: number;
}

/** A stack's Kubernetes as its administrator has it. */
export interface TestCluster {
  jobs: BatchV1Api;
  core: CoreV1Api;
  rbac: RbacAuthorizationV1Api;
  /** Lets something go wrong with the next requests. */
  fail(...faults: Fault[]): Promise<void>;
  /** How many faults are still to come. */
  faultsLeft(): Promise<number>;
  forgetFaults(): Promise<void>;
}

export function openCluster({ stateDir }: Pick<TestStack, "stateDir">): TestCluster {
  const config = new KubeConfig();
  config.loadFromFile(join(stateDir, "kubeconfig"));

  async function faults(method: string, body?: unknown): Promise<unknown[]> {
    const options = { method, headers: { "Content-Type": "application/json" } };
    await config.applyToHTTPSOptions(options);
    const asking = request(`${config.getCurrentCluster()!.server}/faults`, options);
    asking.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = (await once(asking, "response")) as [IncomingMessage];
    const answer = await text(response);
    if (response.statusCode !== 200) throw new Error(`the stand-in answered ${response.statusCode}: ${answer}`);
    return (JSON.parse(answer) as { faults: unknown[] }).faults;
  }

  return {
    jobs: config.makeApiClient(BatchV1Api),
    core: config.makeApiClient(CoreV1Api),
    rbac: config.makeApiClient(RbacAuthorizationV1Api),
    fail: async (...list) => void (await faults("POST", list)),
    faultsLeft: async () => (await faults("GET")).length,
    forgetFaults: async () => void (await faults("DELETE")),
  };
}

import type { Logger } from "@cliscale/service";
import type { PodFault } from "../api/faults.ts";
import { createEventRecorder } from "../controllers/eventRecorder.ts";
import { createWorkQueue } from "../controllers/workQueue.ts";
import { isFinishedPod, type Pod, pods } from "../resources/pod.ts";
import type { Store } from "../store/store.ts";
import type { AddressPool } from "./addresses.ts";
import type { ContainerLog } from "./containerLog.ts";
import { endPodsOfEarlierRuns } from "./earlierRuns.ts";
import type { Images } from "./images.ts";
import type { Isolation } from "./isolation.ts";
import { type NodePod, takeOnPod } from "./nodePod.ts";
import { node, scheduled, unschedulableStatus } from "./podStatus.ts";

export interface KubeletOptions {
  store: Store;
  logger: Logger;
  images: Images;
  isolation: Isolation;
  /** What is to go wrong with a pod that the node is about to take on. */
  takeFault: (pod: Pod) => PodFault | undefined;
  addresses: AddressPool;
  /** Where pods have their folders; nothing else may be in it. */
  podsDirectory: string;
}

export interface Kubelet {
  /** What a pod has written, or undefined while it has not been started; `previous`: before it was last restarted. */
  logOf(podUid: string, previous?: boolean): ContainerLog | undefined;
  /** Ends every pod: SIGTERM, and SIGKILL after the grace period, in milliseconds. Resolves when all are gone. */
  close(graceMilliseconds: number): Promise<void>;
}

/** Runs every pod of the cluster as a process of this machine; it is the scheduler as well, as there is one node. */
export async function startKubelet(options: KubeletOptions): Promise<Kubelet> {
  const { store, logger } = options;
  await endPodsOfEarlierRuns(options.podsDirectory, logger);
  const context = { ...options, events: createEventRecorder(store, "kubelet") };
  const schedulerEvents = createEventRecorder(store, "default-scheduler");
  /** The pods that are on the node, by uid. */
  const onNode = new Map<string, NodePod>();
  /** The pods that are gone, but for their folders. */
  const leaving = new Set<NodePod>();
  /** The pods that no node will take on, by uid. */
  const unschedulable = new Set<string>();

  const schedule = (pod: Pod): Pod => {
    schedulerEvents.record(
      pod,
      "Normal",
      "Scheduled",
      `Successfully assigned ${pod.metadata.namespace}/${pod.metadata.name} to ${node.name}`,
    );
    return store.put(pods, {
      ...pod,
      spec: { ...pod.spec, nodeName: node.name },
      status: scheduled(pod),
    });
  };

  const adopt = (pod: Pod) => {
    const fault = options.takeFault(pod);
    if (fault === "unschedulable") {
      unschedulable.add(pod.metadata.uid);
      store.put(pods, { ...pod, status: unschedulableStatus(pod) });
    } else {
      onNode.set(pod.metadata.uid, takeOnPod(context, schedule(pod), fault));
    }
  };

  const removePod = (pod: NodePod) => {
    leaving.add(pod);
    pod.remove();
    void pod.removed.then(() => leaving.delete(pod));
  };

  const sync = (key: string) => {
    const [namespace, name, uid] = key.split("/") as [string, string, string];
    const found = store.get(pods, namespace, name);
    const pod = found?.metadata.uid === uid ? found : undefined;
    const running = onNode.get(uid);
    if (!pod) {
      onNode.delete(uid);
      unschedulable.delete(uid);
      if (running) removePod(running);
    } else if (running && pod.metadata.deletionTimestamp) {
      running.end(pod.metadata.deletionGracePeriodSeconds! * 1000);
    } else if (!running && !unschedulable.has(uid) && !isFinishedPod(pod)) {
      adopt(pod);
    }
  };

  const queue = createWorkQueue("kubelet", logger, sync);
  const unsubscribe = store.subscribe(({ collection, object: { metadata } }) => {
    if (collection.id === pods.id) queue.add(`${metadata.namespace}/${metadata.name}/${metadata.uid}`);
  });

  return {
    logOf: (podUid, previous) => onNode.get(podUid)?.log(previous),
    async close(graceMilliseconds) {
      unsubscribe();
      queue.close();
      const all = [...onNode.values()];
      for (const pod of all) pod.end(graceMilliseconds);
      await Promise.all(all.map((pod) => pod.ended));
      for (const pod of all) pod.remove();
      await Promise.all([...all, ...leaving].map((pod) => pod.removed));
    },
  };
}

import { type Pod, pods, type PodStatus } from "../resources/pod.ts";
import { type Secret, secrets } from "../resources/secret.ts";
import type { PodFault } from "../api/faults.ts";
import type { EventRecorder } from "../controllers/eventRecorder.ts";
import type { AddressPool } from "./addresses.ts";
import { type ContainerLog, createContainerLog } from "./containerLog.ts";
import type { KubeletOptions } from "./kubelet.ts";
import { createPodFolder, podFolderPath, removeAll } from "./podFolder.ts";
import { runPod } from "./podWorker.ts";

/** A pod that the node has taken on. */
export interface NodePod {
  log(): ContainerLog | undefined;
  /** Ends it: SIGTERM now, SIGKILL after the grace period. A later call can shorten that, never lengthen it. */
  end(graceMilliseconds: number): void;
  /** Nothing of its process is left. */
  ended: Promise<void>;
  /** Removes its folder once it has ended, and ends it at once if it has not. */
  remove(): void;
  removed: Promise<void>;
}

interface Context extends KubeletOptions {
  addresses: AddressPool;
  events: EventRecorder;
}

/** Starts to run a pod. */
export function takeOnPod(context: Context, pod: Pod, fault: PodFault | undefined): NodePod {
  const { store, logger, podsDirectory } = context;
  const { uid, name, namespace } = pod.metadata;
  const terminate = new AbortController();
  const kill = new AbortController();
  const toRemove = Promise.withResolvers<void>();
  let killTimer: NodeJS.Timeout | undefined;
  let killAt = Number.POSITIVE_INFINITY;
  let log: ContainerLog | undefined;
  let last = pod;

  const current = (): Pod | undefined => {
    const found = store.get(pods, namespace, name);
    if (found?.metadata.uid !== uid) return undefined;
    last = found;
    return found;
  };

  const setStatus = (change: (before: Pod) => PodStatus) => {
    const before = current();
    if (before) store.put(pods, { ...before, status: change(before) });
    else last = { ...last, status: change(last) };
  };

  const run = async () => {
    const folder = await createPodFolder(podsDirectory, pod);
    log = await createContainerLog(folder.logFile);
    const started = performance.now();
    await runPod({
      ...context,
      fault,
      pod: () => current() ?? last,
      setStatus,
      waitForSecret: (secretName, signal) => waitForSecret(context, pod, secretName, signal),
      terminate: terminate.signal,
      kill: kill.signal,
      folder,
      log,
    });
    await log.end();
    const seconds = Math.round(performance.now() - started) / 1000;
    logger.info({ pod: name, namespace, phase: last.status.phase, seconds }, "pod ended");
  };

  /** A deleted pod goes when its process has. */
  const leave = () => {
    clearTimeout(killTimer);
    const left = current();
    if (left?.metadata.deletionTimestamp) store.remove(pods, left);
  };

  let hasEnded = false;
  const ended = run()
    .catch((error: unknown) => logger.error({ err: error, pod: name }, "a pod could not be run"))
    .finally(() => {
      hasEnded = true;
      leave();
    });

  const end = (graceMilliseconds: number) => {
    terminate.abort();
    if (hasEnded) return leave();
    if (Date.now() + graceMilliseconds >= killAt) return;
    killAt = Date.now() + graceMilliseconds;
    clearTimeout(killTimer);
    killTimer = setTimeout(() => kill.abort(), graceMilliseconds);
  };
  const removed = Promise.all([ended, toRemove.promise])
    .then(() => removeAll(podFolderPath(podsDirectory, pod)))
    .catch((error: unknown) => logger.error({ err: error, pod: name }, "a pod's folder could not be removed"));

  return {
    log: () => log,
    end,
    ended,
    remove() {
      end(0);
      toRemove.resolve();
    },
    removed,
  };
}

/** The secret, as soon as there is one: until then the pod waits, as a volume that cannot be mounted makes it wait. */
function waitForSecret({ store, events }: Context, pod: Pod, secretName: string, signal: AbortSignal): Promise<Secret> {
  const { namespace } = pod.metadata;
  const found = store.get(secrets, namespace, secretName);
  if (found) return Promise.resolve(found);
  if (signal.aborted) return Promise.reject(signal.reason as Error);
  const volume = pod.spec.volumes?.find((each) => each.secret?.secretName === secretName)?.name;
  const problem = `MountVolume.SetUp failed for volume "${volume}" : secret "${secretName}" not found`;
  events.record(pod, "Warning", "FailedMount", problem);
  return new Promise((resolve, reject) => {
    const stop = store.subscribe(({ collection, type, object }) => {
      const { name } = object.metadata;
      if (collection.id !== secrets.id || type === "DELETED" || name !== secretName) return;
      if (object.metadata.namespace !== namespace) return;
      stop();
      resolve(object as Secret);
    });
    signal.addEventListener("abort", () => {
      stop();
      reject(signal.reason as Error);
    });
  });
}

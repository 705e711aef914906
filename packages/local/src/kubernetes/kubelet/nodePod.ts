import { join } from "node:path";
import { type Pod, pods, type PodStatus } from "../resources/pod.ts";
import type { PodFault } from "../api/faults.ts";
import type { EventRecorder } from "../controllers/eventRecorder.ts";
import { type ContainerLog, createContainerLog } from "./containerLog.ts";
import type { KubeletOptions } from "./kubelet.ts";
import { createPodFolder, podFolderPath, removeAll } from "./podFolder.ts";
import { runPod } from "./podWorker.ts";

/** A pod that the node has taken on. */
export interface NodePod {
  /** What its container has written since it was last started; or, if it has been restarted, the time before. */
  log(previous?: boolean): ContainerLog | undefined;
  /** Ends it: SIGTERM now, SIGKILL after the grace period. A later call can shorten that, never lengthen it. */
  end(graceMilliseconds: number): void;
  /** Nothing of its process is left. */
  ended: Promise<void>;
  /** Removes its folder once it has ended, and ends it at once if it has not. */
  remove(): void;
  removed: Promise<void>;
}

interface Context extends KubeletOptions {
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
  const logs: { present?: ContainerLog; previous?: ContainerLog } = {};
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
    const openLog = logOpener(folder.path, logs);
    const started = performance.now();
    await runPod({
      ...context,
      fault,
      pod: () => current() ?? last,
      setStatus,
      terminate: terminate.signal,
      kill: kill.signal,
      folder,
      openLog,
    });
    await logs.present?.end();
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
    log: (previous = false) => (previous ? logs.previous : logs.present),
    end,
    ended,
    remove() {
      end(0);
      toRemove.resolve();
    },
    removed,
  };
}

/** Gives each run of a container a log of its own; those but the last two are removed. */
function logOpener(folder: string, logs: { present?: ContainerLog; previous?: ContainerLog }) {
  let runs = 0;
  const pathOf = (run: number) => join(folder, `log-${run}`);
  return async (): Promise<ContainerLog> => {
    await logs.present?.end();
    if (runs >= 2) await removeAll(pathOf(runs - 2));
    if (logs.present) logs.previous = logs.present;
    logs.present = await createContainerLog(pathOf(runs));
    runs += 1;
    return logs.present;
  };
}

import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "@cliscale/service";
import type { PodFault } from "../api/faults.ts";
import type { EventRecorder } from "../controllers/eventRecorder.ts";
import type { Pod, PodStatus } from "../resources/pod.ts";
import type { Store } from "../store/store.ts";
import type { AddressPool } from "./addresses.ts";
import { type ContainerContext, runContainer } from "./containerRun.ts";
import { StartError } from "./containerProcess.ts";
import { findImage, type Image, type Images } from "./images.ts";
import type { Isolation } from "./isolation.ts";
import { type PodFolder, removeVolumes, writeVolumes } from "./podFolder.ts";
import * as statuses from "./podStatus.ts";
import { untilResolved } from "./references.ts";
import { volumeFiles } from "./volumeFiles.ts";
import type { ContainerLog } from "./containerLog.ts";

/** What the life of one pod needs of the kubelet. */
export interface PodContext {
  store: Store;
  /** The pod as it stands; its last state when it is gone. */
  pod: () => Pod;
  setStatus: (change: (pod: Pod) => PodStatus) => void;
  /** Aborted when the pod is to end, gracefully. */
  terminate: AbortSignal;
  /** Aborted when its time is up. */
  kill: AbortSignal;
  /** What is to go wrong. */
  fault: PodFault | undefined;
  folder: PodFolder;
  /** Begins the log of a container that is started; the one before is kept until then. */
  openLog: () => Promise<ContainerLog>;
  images: Images;
  addresses: AddressPool;
  isolation: Isolation;
  events: EventRecorder;
  logger: Logger;
}

/** How long a pull that failed is called so before it is called a back-off, in milliseconds. */
const pullBackOffMilliseconds = 1000;

/** How long the second restart waits, in seconds; each further one waits twice as long. The first comes at once. */
const restartBackOffSeconds = 10;
const longestBackOffSeconds = 300;

/** The exit code of a container whose program could not be started, as the container runtime has it. */
const startErrorCode = 128;

/** Takes a pod from its node to its end. Returns early, with the pod still pending, when it is deleted before it runs. */
export async function runPod(context: PodContext): Promise<void> {
  const { terminate, folder } = context;
  let address: string | undefined;
  try {
    context.setStatus(statuses.creating);
    await mountVolumes(context);
    address = context.addresses.take();
    context.setStatus((pod) => statuses.withAddress(pod, address!));
    const image = await pullImage(context);
    await runToTheEnd({ ...context, image, address });
  } catch (error) {
    if (!terminate.aborted) failToStart(context, error);
  } finally {
    await removeVolumes(folder);
    if (address) context.addresses.release(address);
  }
}

/** Runs the container, again and again as its pod's restart policy has it. */
async function runToTheEnd(context: ContainerContext): Promise<void> {
  const { pod, setStatus, terminate, events } = context;
  for (let restarts = 0; ; restarts += 1) {
    terminate.throwIfAborted();
    const ending = await endingOf(context);
    if (terminate.aborted || !isRestarted(pod(), ending)) {
      setStatus((current) => statuses.terminated(current, ending));
      return;
    }
    const seconds = restarts === 0 ? 0 : Math.min(longestBackOffSeconds, restartBackOffSeconds * 2 ** (restarts - 1));
    setStatus((current) => statuses.restarting(current, ending, seconds));
    if (seconds > 0) events.record(pod(), "Warning", "BackOff", "Back-off restarting failed container");
    await delay(seconds * 1000, undefined, { signal: terminate });
  }
}

/** A program that cannot be started is a container that has ended at once. */
async function endingOf(context: ContainerContext): Promise<statuses.Ending> {
  try {
    return await runContainer(context);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    context.events.record(context.pod(), "Warning", "Failed", `Error: ${error.message}`);
    return { exitCode: startErrorCode, message: error.message, reason: "StartError" };
  }
}

function isRestarted({ spec }: Pod, { exitCode }: statuses.Ending): boolean {
  return spec.restartPolicy === "Always" || (spec.restartPolicy === "OnFailure" && exitCode !== 0);
}

/** Waits for what the volumes are made of, as a volume that cannot be mounted makes a pod wait. */
async function mountVolumes({ store, folder, pod, events, terminate }: PodContext): Promise<void> {
  const files = await untilResolved(
    store,
    () => volumeFiles(store, pod()),
    (problem) => events.record(pod(), "Warning", "FailedMount", problem),
    terminate,
  );
  await writeVolumes(folder, files);
}

/** Waits for ever when there is no such image, as a node does, which tries again and again. */
async function pullImage({ pod, images, setStatus, events, terminate, fault }: PodContext): Promise<Image> {
  const { image: reference } = pod().spec.containers[0]!;
  const image = fault === "imagePull" ? undefined : findImage(images, reference);
  if (image) {
    events.record(pod(), "Normal", "Pulled", `Container image "${reference}" already present on machine`);
    return image;
  }
  const problem = `failed to pull and unpack image "${reference}": not found: this machine stands in for ${Object.keys(images).join(", ")}`;
  events.record(pod(), "Warning", "Failed", `Error: ErrImagePull: ${problem}`);
  setStatus((current) => statuses.waiting(current, "ErrImagePull", problem));
  await delay(pullBackOffMilliseconds, undefined, { signal: terminate });
  setStatus((current) =>
    statuses.waiting(current, "ImagePullBackOff", `Back-off pulling image "${reference}": ${problem}`),
  );
  return new Promise((_resolve, reject) =>
    terminate.addEventListener("abort", () => reject(terminate.reason as Error)),
  );
}

function failToStart({ pod, setStatus, events, logger }: PodContext, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  events.record(pod(), "Warning", "Failed", `Error: ${message}`);
  logger.error({ err: error, pod: pod().metadata.name }, "a pod could not be run");
  setStatus((current) => statuses.terminated(current, { exitCode: startErrorCode, message, reason: "StartError" }));
}

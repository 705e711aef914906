import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "@cliscale/service";
import type { PodFault } from "../api/faults.ts";
import type { EventRecorder } from "../controllers/eventRecorder.ts";
import type { Pod, PodStatus } from "../resources/pod.ts";
import type { Secret } from "../resources/secret.ts";
import type { AddressPool } from "./addresses.ts";
import { programOf } from "./containerEnvironment.ts";
import type { ContainerLog } from "./containerLog.ts";
import { type ContainerProcess, startContainerProcess, StartError } from "./containerProcess.ts";
import { findImage, type Image, type Images } from "./images.ts";
import type { Isolation } from "./isolation.ts";
import { createVolumes, mountsOf, type PodFolder, readTerminationMessage, removeVolumes } from "./podFolder.ts";
import * as statuses from "./podStatus.ts";
import { watchReadiness } from "./probe.ts";
import { podMark } from "./processes.ts";

/** What the life of one pod needs of the kubelet. */
export interface PodContext {
  /** The pod as it stands; its last state when it is gone. */
  pod: () => Pod;
  setStatus: (change: (pod: Pod) => PodStatus) => void;
  /** The secret of a name in the pod's namespace; waits until there is one. */
  waitForSecret: (name: string, signal: AbortSignal) => Promise<Secret>;
  /** Aborted when the pod is to end, gracefully. */
  terminate: AbortSignal;
  /** Aborted when its time is up. */
  kill: AbortSignal;
  /** What is to go wrong. */
  fault: PodFault | undefined;
  folder: PodFolder;
  log: ContainerLog;
  images: Images;
  addresses: AddressPool;
  isolation: Isolation;
  events: EventRecorder;
  logger: Logger;
}

/** How long a pull that failed is called so before it is called a back-off, in milliseconds. */
const pullBackOffMilliseconds = 1000;

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
    terminate.throwIfAborted();
    const container = await startContainer(context, image);
    const exitCode = await untilExit(context, container, address);
    const message = await readTerminationMessage(folder);
    const reason = context.fault === "oomKilled" ? "OOMKilled" : undefined;
    context.setStatus((pod) => statuses.terminated(pod, exitCode, message, reason));
  } catch (error) {
    if (terminate.aborted) return;
    failToStart(context, error);
  } finally {
    await removeVolumes(folder);
    if (address) context.addresses.release(address);
  }
}

async function mountVolumes({ folder, pod, waitForSecret, terminate }: PodContext): Promise<void> {
  await createVolumes(folder, pod(), ({ secret }) => waitForSecret(secret.secretName, terminate));
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

async function startContainer(context: PodContext, image: Image): Promise<ContainerProcess> {
  const { pod, folder, log, isolation, events, setStatus } = context;
  const [spec] = pod().spec.containers;
  const { argv, environment } = programOf(pod(), image);
  const launch = await isolation.launch(
    {
      argv,
      environment: {
        ...environment,
        [podMark]: pod().metadata.uid,
        CLISCALE_POD_SANDBOXED: isolation.sandboxed ? "1" : "0",
      },
    },
    { pod: pod(), folder, mounts: mountsOf(folder, pod(), spec!), image },
  );
  const container = await startContainerProcess(
    { podUid: pod().metadata.uid, folder: folder.path },
    launch,
    log,
    folder.processRecord,
  );
  events.record(pod(), "Normal", "Started", `Started container ${spec!.name}`);
  setStatus((current) => statuses.running(current, `process://${container.pid}`));
  return container;
}

function probeReadiness({ pod, setStatus, events, logger, fault }: PodContext, address: string): () => void {
  if (fault === "neverReady") return () => undefined;
  const { readinessProbe } = pod().spec.containers[0]!;
  if (!readinessProbe) {
    setStatus((current) => statuses.readiness(current, true));
    return () => undefined;
  }
  const stop = new AbortController();
  const onChange = (ready: boolean, why: string) => {
    if (!ready) events.record(pod(), "Warning", "Unhealthy", `Readiness probe failed: ${why}`);
    setStatus((current) => statuses.readiness(current, ready));
  };
  watchReadiness(readinessProbe, address, onChange, stop.signal).catch((error: unknown) => {
    if (!stop.signal.aborted) logger.error({ err: error }, "a readiness probe broke off");
  });
  return () => stop.abort();
}

async function untilExit(context: PodContext, container: ContainerProcess, address: string): Promise<number> {
  const { pod, terminate, kill, events, fault } = context;
  const stopProbing = probeReadiness(context, address);
  const onTerminate = () => {
    events.record(pod(), "Normal", "Killing", `Stopping container ${pod().spec.containers[0]!.name}`);
    container.terminate();
  };
  if (terminate.aborted) onTerminate();
  else terminate.addEventListener("abort", onTerminate, { once: true });
  if (kill.aborted || fault === "oomKilled") container.kill();
  else kill.addEventListener("abort", container.kill, { once: true });
  try {
    return await container.exited;
  } finally {
    stopProbing();
    terminate.removeEventListener("abort", onTerminate);
    kill.removeEventListener("abort", container.kill);
  }
}

function failToStart({ pod, setStatus, events, logger }: PodContext, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  events.record(pod(), "Warning", "Failed", `Error: ${message}`);
  if (!(error instanceof StartError)) logger.error({ err: error, pod: pod().metadata.name }, "a pod could not be run");
  setStatus((current) => statuses.terminated(current, startErrorCode, message, "StartError"));
}

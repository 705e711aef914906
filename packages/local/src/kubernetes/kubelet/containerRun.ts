import { setTimeout as delay } from "node:timers/promises";
import { portOf } from "../resources/podSpec.ts";
import { programOf } from "./containerEnvironment.ts";
import { execBeside } from "./containerExec.ts";
import type { ContainerLog } from "./containerLog.ts";
import { probeContainer } from "./containerProbes.ts";
import { type ContainerProcess, startContainerProcess } from "./containerProcess.ts";
import { hostsOf } from "./hosts.ts";
import type { Image } from "./images.ts";
import { mountsOf, readTerminationMessage, resetTerminationMessage } from "./podFolder.ts";
import * as statuses from "./podStatus.ts";
import type { PodContext } from "./podWorker.ts";
import type { ProbeTarget } from "./probe.ts";
import { podMark } from "./processes.ts";
import { untilResolved } from "./references.ts";

/** The context of a pod that has an address and its image. */
export interface ContainerContext extends PodContext {
  image: Image;
  address: string;
}

/** How much of its log a container's message is at most, when it has left none and failed, in lines and in bytes. */
const logLinesOfMessage = 80;
const logBytesOfMessage = 2048;

/** Runs the pod's container once, from its start to its end. */
export async function runContainer(context: ContainerContext): Promise<statuses.Ending> {
  const { folder, pod, fault } = context;
  const launch = await launcherOf(context);
  const log = await context.openLog();
  await resetTerminationMessage(folder);
  const container = await startContainer(context, await launch(), log);
  const exitCode = await untilExit(context, container, async (command, milliseconds) =>
    execBeside(await launch(command), milliseconds),
  );
  const left = await readTerminationMessage(folder);
  const { terminationMessagePolicy } = pod().spec.containers[0]!;
  const fallsBack = left === "" && exitCode !== 0 && terminationMessagePolicy === "FallbackToLogsOnError";
  const message = fallsBack ? await endOfLog(log) : left;
  return { exitCode, message, reason: fault === "oomKilled" ? "OOMKilled" : undefined };
}

/** How the container's program, or another command in its place, is started. Waits for what its variables refer to. */
async function launcherOf({ store, pod, image, folder, isolation, setStatus, terminate }: ContainerContext) {
  const spec = pod().spec.containers[0]!;
  const { argv, environment } = await untilResolved(
    store,
    () => programOf(store, pod(), image),
    (problem) => setStatus((current) => statuses.waiting(current, "CreateContainerConfigError", problem)),
    terminate,
  );
  const marked = {
    ...environment,
    [podMark]: pod().metadata.uid,
    CLISCALE_POD_SANDBOXED: isolation.sandboxed ? "1" : "0",
  };
  const placement = { pod: pod(), folder, mounts: mountsOf(folder, pod(), spec), image, hosts: hostsOf(store, pod()) };
  return (command = argv) => isolation.launch({ argv: command, environment: marked }, placement);
}

async function startContainer(
  { pod, folder, events, setStatus }: ContainerContext,
  launch: Parameters<typeof startContainerProcess>[1],
  log: ContainerLog,
): Promise<ContainerProcess> {
  const marks = { podUid: pod().metadata.uid, folder: folder.path };
  const container = await startContainerProcess(marks, launch, log, folder.processRecord);
  events.record(pod(), "Normal", "Started", `Started container ${pod().spec.containers[0]!.name}`);
  setStatus((current) => statuses.running(current, `process://${container.pid}`));
  return container;
}

/** Waits for the container's end, which may be ordered: by who deletes the pod, or by one of its probes. */
async function untilExit(
  context: ContainerContext,
  container: ContainerProcess,
  exec: ProbeTarget["exec"],
): Promise<number> {
  const { pod, terminate, kill, events, fault, logger } = context;
  const ended = new AbortController();
  const spec = pod().spec.containers[0]!;
  const stop = () => {
    const pause = (spec.lifecycle?.preStop?.sleep.seconds ?? 0) * 1000;
    void delay(pause, undefined, { signal: ended.signal }).then(container.terminate, () => undefined);
  };
  const onTerminate = () => {
    events.record(pod(), "Normal", "Killing", `Stopping container ${spec.name}`);
    stop();
  };
  const onDead = (probe: string) => {
    events.record(pod(), "Normal", "Killing", `Container ${spec.name} failed ${probe} probe, will be restarted`);
    stop();
    const grace = pod().spec.terminationGracePeriodSeconds * 1000;
    void delay(grace, undefined, { signal: ended.signal }).then(container.kill, () => undefined);
  };
  const target = { address: context.address, portOf: (port: number | string) => portOf(spec, port)!, exec };
  probePod(context, target, onDead, ended.signal).catch((error: unknown) => {
    logger.error({ err: error }, "the probes of a pod broke off");
  });
  if (terminate.aborted) onTerminate();
  else terminate.addEventListener("abort", onTerminate, { once: true });
  if (kill.aborted || fault === "oomKilled") container.kill();
  else kill.addEventListener("abort", container.kill, { once: true });
  try {
    return await container.exited;
  } finally {
    ended.abort();
    terminate.removeEventListener("abort", onTerminate);
    kill.removeEventListener("abort", container.kill);
  }
}

function probePod(
  { pod, setStatus, events, fault }: ContainerContext,
  target: ProbeTarget,
  onDead: (probe: string) => void,
  signal: AbortSignal,
): Promise<void> {
  return probeContainer(
    pod().spec.containers[0]!,
    target,
    {
      onStarted: () => setStatus(statuses.started),
      onReadiness: (ready) => {
        if (fault !== "neverReady") setStatus((current) => statuses.readiness(current, ready));
      },
      onDead,
      onFailure: (probe, why) => events.record(pod(), "Warning", "Unhealthy", `${probe} probe failed: ${why}`),
    },
    signal,
  );
}

async function endOfLog(log: ContainerLog): Promise<string> {
  const lines: string[] = [];
  for await (const { text } of log.read(false, new AbortController().signal)) {
    lines.push(text);
    if (lines.length > logLinesOfMessage) lines.shift();
  }
  return Buffer.from(lines.join("\n")).subarray(-logBytesOfMessage).toString("utf8");
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { constants } from "node:os";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { statusDescriptor } from "./bubblewrap.ts";
import type { ContainerLog } from "./containerLog.ts";
import type { Launch } from "./isolation.ts";
import { identify, signalGroup, signalProcess } from "../../processIdentity.ts";
import { killPod, type PodMarks } from "./processes.ts";

/** Thrown when a container's program cannot be started at all. */
export class StartError extends Error {
  override name = "StartError";
}

export interface ContainerProcess {
  pid: number;
  /** The exit code, 128+N for signal N; resolves when no process of the pod is left and all its output is kept. */
  exited: Promise<number>;
  terminate: () => void;
  kill: () => void;
}

/**
 * Starts a container's program in a process group of its own, with no environment but the given one, and writes down
 * which process it is.
 * @throws StartError when there is no such program.
 */
export async function startContainerProcess(
  marks: PodMarks,
  launch: Launch,
  log: ContainerLog,
  processRecord: string,
): Promise<ContainerProcess> {
  const [program, ...args] = launch.argv;
  const child = spawn(program!, args, {
    env: launch.environment,
    cwd: launch.workingDirectory,
    detached: true,
    stdio: ["ignore", "pipe", "pipe", ...(launch.reportsStatus ? ["pipe" as const] : [])],
  });
  try {
    await once(child, "spawn");
  } catch (error) {
    throw new StartError(`failed to start the container's program: ${(error as Error).message}`, { cause: error });
  }
  const pid = child.pid!;
  const kill = () => signalGroup(pid, "SIGKILL");
  const exit = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  const output = Promise.all([log.capture(child.stdout!), log.capture(child.stderr!)]);
  const status = launch.reportsStatus ? readStatus(child.stdio[statusDescriptor] as Readable) : undefined;
  try {
    await writeFile(processRecord, JSON.stringify(await identify(pid)));
  } catch (error) {
    kill();
    throw error;
  }
  // bwrap passes no signals on: its child is told directly.
  const inner = await status?.childPid;
  if (status && inner === undefined) {
    throw new StartError("bwrap could not set up the pod's sandbox: see the pod's log");
  }

  const finish = async () => {
    const [code, signal] = await exit;
    // A container ends with its first process, whatever others are left in it.
    kill();
    await killPod(marks, undefined);
    await output;
    if (status && code !== null && !(await status.ran)) {
      throw new StartError("the container's program could not be started in its sandbox: see the pod's log");
    }
    return code ?? 128 + constants.signals[signal!];
  };
  return {
    pid,
    exited: finish(),
    terminate: () => (inner === undefined ? signalGroup(pid, "SIGTERM") : signalProcess(inner, "SIGTERM")),
    kill,
  };
}

/** What bwrap tells of its child: `{"child-pid": N}` once it is there, `{"exit-code": N}` when its program has ended. */
function readStatus(stream: Readable): { childPid: Promise<number | undefined>; ran: Promise<boolean> } {
  const childPid = Promise.withResolvers<number | undefined>();
  const ran = Promise.withResolvers<boolean>();
  const lines = createInterface({ input: stream });
  lines.on("line", (line) => {
    const report = JSON.parse(line) as { "child-pid"?: number; "exit-code"?: number };
    if (report["child-pid"] !== undefined) childPid.resolve(report["child-pid"]);
    if (report["exit-code"] !== undefined) ran.resolve(true);
  });
  lines.on("close", () => {
    childPid.resolve(undefined);
    ran.resolve(false);
  });
  return { childPid: childPid.promise, ran: ran.promise };
}

import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { isStill, type ProcessIdentity, signalGroup, signalProcess } from "../../processIdentity.ts";

/** The variable by which a process of a pod is told, whatever becomes of its parents and groups. */
export const podMark = "CLISCALE_POD_UID";

/** What has been killed is gone after about so long. */
const killMilliseconds = 20;

/** What tells the processes of a pod from all others. */
export interface PodMarks {
  podUid: string;
  /** Where the pod has its files. */
  folder: string;
}

/**
 * Ends every process of a pod: the group of its first process, if that is still the same, and whatever has the pod's mark or
 * its home in the pod's folder, such as a shell on a terminal, which has a group of its own. A process that is not surely
 * the pod's is left alone.
 */
export async function killPod(marks: PodMarks, first: ProcessIdentity | undefined): Promise<void> {
  if (first && (await isStill(first))) signalGroup(first.pid, "SIGKILL");
  // What was started while the list was read is in the next one.
  for (let round = 0; round < 10; round++) {
    const pids = markedProcesses(marks);
    if (pids.length === 0) return;
    for (const pid of pids) signalProcess(pid, "SIGKILL");
    await delay(killMilliseconds);
  }
}

/** Reads synchronously: the kernel has the files in memory, and promises for them would take four times as long. */
function markedProcesses({ podUid, folder }: PodMarks): number[] {
  const marks = [`\0${podMark}=${podUid}\0`, `\0HOME=${folder}/`];
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .filter((entry) => {
      const environment = `\0${environmentOf(entry)}`;
      return marks.some((mark) => environment.includes(mark));
    })
    .map(Number);
}

/** Nothing for a process of another user, which cannot be read, and for a zombie. */
function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8");
  } catch {
    return "";
  }
}

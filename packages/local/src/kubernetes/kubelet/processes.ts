import { readdir, readFile } from "node:fs/promises";
import { isStill, type ProcessIdentity, signalGroup, signalProcess } from "../../processIdentity.ts";

/** The variable by which a process of a pod is told, whatever becomes of its parents and groups. */
export const podMark = "CLISCALE_POD_UID";

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
    const pids = await markedProcesses(marks);
    if (pids.length === 0) return;
    for (const pid of pids) signalProcess(pid, "SIGKILL");
  }
}

async function markedProcesses({ podUid, folder }: PodMarks): Promise<number[]> {
  const isMarked = (environment: string) =>
    environment.includes(`\0${podMark}=${podUid}\0`) || environment.includes(`\0HOME=${folder}/`);
  const entries = await readdir("/proc").catch((): string[] => []);
  const marked = await Promise.all(
    entries
      .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
      .map(async (entry) => {
        // Processes of other users cannot be read, and a zombie's environment is empty.
        const environment = await readFile(`/proc/${entry}/environ`, "utf8").catch(() => "");
        return isMarked(`\0${environment}`) ? Number(entry) : undefined;
      }),
  );
  return marked.filter((pid) => pid !== undefined);
}

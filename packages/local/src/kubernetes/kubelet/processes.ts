import { readdir, readFile } from "node:fs/promises";

/** The variable by which a process of a pod is told, whatever becomes of its parents and groups. */
export const podMark = "CLISCALE_POD_UID";

/** What tells the processes of a pod from all others. */
export interface PodMarks {
  podUid: string;
  /** Where the pod has its files. */
  folder: string;
}

/** A process, and when it started, by which it is told from a later one of the same number. */
export interface ProcessIdentity {
  pid: number;
  /** Clock ticks after boot, as in proc_pid_stat(5); undefined where there is no /proc. */
  startTime?: string;
}

export async function identify(pid: number): Promise<ProcessIdentity> {
  const stat = await readStat(pid);
  return stat ? { pid, startTime: stat.startTime } : { pid };
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

/** Sends a signal to a process group; one that is gone, or is another user's by now, is no error. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  signalProcess(-pid, signal);
}

export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}

async function isStill({ pid, startTime }: ProcessIdentity): Promise<boolean> {
  return startTime !== undefined && (await readStat(pid))?.startTime === startTime;
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

async function readStat(pid: number): Promise<{ startTime: string } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // The program's name stands in parentheses and may hold anything; the start time is the 20th field after it.
  const startTime = text?.slice(text.lastIndexOf(")") + 2).split(" ")[19];
  return startTime === undefined ? undefined : { startTime };
}

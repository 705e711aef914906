import { readFile } from "node:fs/promises";

/** A process, and when it started, by which it is told from a later one of the same number. */
export interface ProcessIdentity {
  pid: number;
  /** Clock ticks after boot, as in proc_pid_stat(5); undefined where there is no /proc. */
  startTime?: string;
}

export async function identify(pid: number): Promise<ProcessIdentity> {
  const startTime = await startTimeOf(pid);
  return startTime === undefined ? { pid } : { pid, startTime };
}

/** Whether the process of this number is still the one that was identified. */
export async function isStill({ pid, startTime }: ProcessIdentity): Promise<boolean> {
  return startTime !== undefined && (await startTimeOf(pid)) === startTime;
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

async function startTimeOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // The program's name stands in parentheses and may hold anything; the start time is the 20th field after it.
  return text?.slice(text.lastIndexOf(")") + 2).split(" ")[19];
}

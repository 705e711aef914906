import { readFile, rm, writeFile } from "node:fs/promises";

// A program that outlives a killed parent keeps its ports. Its pid is therefore written down, with the time at which the
// process began, since the kernel gives the number to others later.

/** Writes down a process group that the next start ends if it is still there. */
export async function recordProcess(file: string, pid: number): Promise<void> {
  await writeFile(file, JSON.stringify({ pid, startTime: await startTimeOf(pid) }));
}

/** Ends the process group that was written down, if it is still the same one. */
export async function endLeftover(file: string): Promise<void> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (!text) return;
  const { pid, startTime } = JSON.parse(text) as { pid: number; startTime?: string };
  if (startTime !== undefined && (await startTimeOf(pid)) === startTime) process.kill(-pid, "SIGKILL");
  await rm(file, { force: true });
}

/** The 22nd field of proc_pid_stat(5): clock ticks from boot to the start of the process. */
async function startTimeOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // The second field, the program's name, is in parentheses and may hold spaces.
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

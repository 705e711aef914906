import { readFile, rm, writeFile } from "node:fs/promises";
import { identify, isStill, type ProcessIdentity, signalGroup } from "../processIdentity.ts";

// A program that outlives a killed parent keeps its ports. Its pid is therefore written down, with the time at which the
// process began, since the kernel gives the number to others later.

/** Writes down a process group that the next start ends if it is still there. */
export async function recordProcess(file: string, pid: number): Promise<void> {
  await writeFile(file, JSON.stringify(await identify(pid)));
}

/** Ends the process group that was written down, if it is still the same one. */
export async function endLeftover(file: string): Promise<void> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (!text) return;
  const leftover = JSON.parse(text) as ProcessIdentity;
  if (await isStill(leftover)) signalGroup(leftover.pid, "SIGKILL");
  await rm(file, { force: true });
}

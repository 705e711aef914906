import { readFile } from "node:fs/promises";
import { processesOf } from "./processes.ts";
import type { World } from "./world.ts";

/** The processes in which the Functions emulator runs a function: one per concurrent call, kept for the next one. */
export async function workersOf({ stack }: World, functionName: string): Promise<number[]> {
  const found = await Promise.all(
    (await processesOf(stack)).map(async ({ pid }) => {
      const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
      return environment.split("\0").includes(`FUNCTION_TARGET=${functionName}`) ? [pid] : [];
    }),
  );
  return found.flat();
}

/** Ends every process of a function at once, as an instance that crashes or is evicted. */
export async function killFunction(world: World, functionName: string): Promise<void> {
  const workers = await workersOf(world, functionName);
  if (workers.length === 0) throw new Error(`no process runs ${functionName}`);
  for (const pid of workers) process.kill(pid, "SIGKILL");
}

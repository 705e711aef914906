import { readdir, readFile } from "node:fs/promises";
import type { TestStack } from "./stack.ts";

export interface FoundProcess {
  pid: number;
  command: string;
}

/** Processes whose command line or environment names this stack's state folder: its parts, and what they have started. */
export async function processesOf({ stateDir }: Pick<TestStack, "stateDir">): Promise<FoundProcess[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids
      .filter((pid) => pid !== process.pid)
      .map(async (pid) => {
        const [command, environment] = await Promise.all(
          ["cmdline", "environ"].map((file) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "")),
        );
        const isOurs = command!.includes(stateDir) || environment!.includes(stateDir);
        return isOurs ? { pid, command: command!.replaceAll("\0", " ").trim() } : undefined;
      }),
  );
  // A zombie has neither command line nor environment and is not found.
  return found.filter((entry) => entry !== undefined);
}

/** Waits until none of a stack's processes is left; resolves to those that stay. */
export async function leftProcesses(stack: TestStack, milliseconds = 10_000): Promise<string[]> {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const left = await processesOf(stack);
    if (left.length === 0 || Date.now() > deadline) return left.map(({ pid, command }) => `${pid} ${command}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

import { readdir, readFile } from "node:fs/promises";
import type { TestStack } from "./stack.ts";

export interface FoundProcess {
  pid: number;
  command: string;
}

/** Part of a command line of the gateway itself, not of the sandbox around it. */
const gatewayCommand = /^\S*node .*gateway\/src\/image\.ts$/;

export const isGateway = ({ command }: FoundProcess): boolean => gatewayCommand.test(command);

interface ListedProcess extends FoundProcess {
  parent: number;
  environment: string;
}

/**
 * The processes of a stack: those whose command line or environment names its state folder, and what they have started, such as
 * what runs in a pod.
 */
export async function processesOf({ stateDir }: Pick<TestStack, "stateDir">): Promise<FoundProcess[]> {
  const listed = await listProcesses();
  const ours = new Set(
    listed
      .filter(({ command, environment }) => command.includes(stateDir) || environment.includes(stateDir))
      .map(({ pid }) => pid),
  );
  for (let found = 0; found < ours.size;) {
    found = ours.size;
    for (const { pid, parent } of listed) if (ours.has(parent)) ours.add(pid);
  }
  return listed.filter(({ pid }) => ours.has(pid)).map(({ pid, command }) => ({ pid, command }));
}

async function listProcesses(): Promise<ListedProcess[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  return (await Promise.all(pids.filter((pid) => pid !== process.pid).map(readProcess))).flat();
}

/** One process, or none: what has ended meanwhile has no command line, nor has a zombie. */
async function readProcess(pid: number): Promise<ListedProcess[]> {
  const files = ["cmdline", "environ", "stat"].map((file) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => ""));
  const [command, environment, stat] = (await Promise.all(files)) as [string, string, string];
  if (!command) return [];
  // The state and then the parent follow the name, which may hold anything, in brackets: proc_pid_stat(5).
  const parent = Number(stat.slice(stat.lastIndexOf(")")).split(" ")[2]);
  return [{ pid, parent, environment, command: command.replaceAll("\0", " ").trim() }];
}

/** Waits until none of a stack's processes is left; resolves to those that stay. */
export async function leftProcesses(stack: TestStack, milliseconds = 30_000): Promise<string[]> {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const left = await processesOf(stack);
    if (left.length === 0 || Date.now() > deadline) return left.map(({ pid, command }) => `${pid} ${command}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

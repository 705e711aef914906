import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import type { Launch } from "./isolation.ts";

/** How much of what a command says is told when it fails, in characters. */
const maximumOutput = 500;

/**
 * Runs a command beside a container, with the same files, user and variables.
 * @returns what is wrong with how it ended, or undefined when its exit code is 0.
 */
export async function execBeside(
  { argv, environment, workingDirectory }: Launch,
  milliseconds: number,
): Promise<string | undefined> {
  const [program, ...args] = argv;
  const child = spawn(program!, args, {
    env: environment,
    cwd: workingDirectory,
    detached: true,
    // A sandbox tells of itself on the fourth, to which nobody listens here.
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    timeout: milliseconds,
    killSignal: "SIGKILL",
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => (output = (output + text).slice(0, maximumOutput)));
  }
  (child.stdio[3] as Readable | null)?.resume();
  try {
    const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
    if (code === 0) return undefined;
    return signal ? `command timed out after ${milliseconds} ms` : `${output.trim()} (exit code ${code})`.trim();
  } catch (error) {
    return (error as Error).message;
  }
}

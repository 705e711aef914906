import { execFile } from "node:child_process";
import { promisify } from "node:util";

export interface Tool {
  program: string;
  /** Why what needs the tool cannot run, or false. */
  skip: string | false;
  /**
   * Runs it; resolves to what it says on standard output.
   * @throws Error whose message has what it says on standard error, when it fails.
   */
  run(args: readonly string[]): Promise<string>;
}

/** How long a tool may take, in milliseconds. */
const timeout = 60_000;

/** A program that a variable names, or the one of that name on PATH; says loudly when there is none. */
export async function findTool(name: string, variable: string, versionArguments: string[]): Promise<Tool> {
  const program = process.env[variable] ?? name;
  const run = promisify(execFile);
  const isThere = await run(program, versionArguments).then(
    () => true,
    () => false,
  );
  const skip = isThere ? false : `there is no ${program}; set ${variable} to the path of one`;
  if (skip) console.error(`SKIPPED: ${skip}`);
  return { program, skip, run: async (args) => (await run(program, args, { timeout })).stdout };
}

export const findHelm = () => findTool("helm", "CLISCALE_HELM", ["version"]);
export const findKubectl = () => findTool("kubectl", "CLISCALE_KUBECTL", ["version", "--client"]);

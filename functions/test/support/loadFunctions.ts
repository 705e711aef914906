import { execFile } from "node:child_process";
import { promisify } from "node:util";

const program = `
  const functions = await import(${JSON.stringify(import.meta.resolve("../../src/index.ts"))});
  const networks = Object.entries(functions).map(([name, { __endpoint }]) => [name, __endpoint.vpc ?? null]);
  console.log(JSON.stringify(Object.fromEntries(networks)));
  console.log("loaded");
`;

/**
 * Loads the functions in a process of their own, as a new instance does, or as `firebase deploy` in their folder; rejects where that fails.
 * Prints the network of each as JSON, and then that they are loaded.
 */
export function loadFunctions(variables: Record<string, string>, cwd?: string): Promise<{ stdout: string }> {
  return promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], {
    env: { PATH: process.env["PATH"], ...variables },
    timeout: 30_000,
    ...(cwd && { cwd }),
  });
}

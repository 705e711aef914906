import { execFile } from "node:child_process";
import { promisify } from "node:util";

const program = `await import(${JSON.stringify(import.meta.resolve("../../src/index.ts"))}); console.log("loaded");`;

/** Loads the functions in a process of their own, as a new instance does; rejects where that fails. */
export function loadFunctions(variables: Record<string, string>): Promise<{ stdout: string }> {
  return promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], {
    env: { PATH: process.env["PATH"], ...variables },
    timeout: 30_000,
  });
}

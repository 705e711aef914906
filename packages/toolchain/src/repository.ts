import { spawn } from "node:child_process";
import { join } from "node:path";

/** The root folder of the checkout. */
export const root = join(import.meta.dirname, "../../..");

/** Runs one of the repository's programs with its output shown; resolves to its exit code. */
export function run(
  program: string,
  args: string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<number> {
  const path = `${join(root, "node_modules/.bin")}:${process.env["PATH"]}`;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd ?? root,
      env: { ...process.env, ...options.env, PATH: path },
      stdio: ["ignore", "inherit", "inherit"],
    });
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

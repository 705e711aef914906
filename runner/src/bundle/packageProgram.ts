import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { BundleError } from "./bundleError.ts";

const packageSchema = z.object({ bin: z.union([z.string(), z.record(z.string(), z.string())]).optional() });

/**
 * The program that stands for a package, as npx chooses it: the only one of its `bin`, or the one that bears the package's
 * name without its scope.
 * @throws BundleError when there is none, or several and none of that name.
 */
export async function packageProgram(workFolder: string, packageName: string): Promise<string> {
  const ownName = packageName.replace(/^@[^/]*\//, "");
  const programs = await readPrograms(join(workFolder, "node_modules", packageName, "package.json"), ownName);
  const program = programs.length === 1 ? programs[0] : programs.find((name) => name === ownName);
  if (program !== undefined) return shellWord(program);
  if (programs.length === 0) {
    throw new BundleError(`The package ${packageName} has no program of its own; give a command to run.`);
  }
  throw new BundleError(
    `The package ${packageName} has several programs (${programs.join(", ")}); give the one to run as the command.`,
  );
}

async function readPrograms(manifest: string, ownName: string): Promise<string[]> {
  const { bin } = packageSchema.catch({}).parse(JSON.parse(await readFile(manifest, "utf8")));
  if (typeof bin === "string") return [ownName];
  // npm links a program under the last part of its name.
  return Object.keys(bin ?? {}).map((name) => name.replace(/^.*\//, ""));
}

/** The text as one word of a shell command. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { BundleError } from "../bundleError.ts";

const fieldsSchema = z.object({
  name: z.string().optional().catch(undefined),
  bin: z
    .union([z.string(), z.record(z.string(), z.string())])
    .optional()
    .catch(undefined),
  dependencies: z.record(z.string(), z.unknown()).catch({}),
  optionalDependencies: z.record(z.string(), z.unknown()).catch({}),
  peerDependencies: z.record(z.string(), z.unknown()).catch({}),
  workspaces: z.unknown().optional(),
});

/** A package.json, as far as it matters here. */
export type Manifest = z.infer<typeof fieldsSchema>;

/** Reads a folder's package.json; undefined when there is none. @throws BundleError when it is no JSON object. */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  const text = await readFile(join(folder, "package.json"), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "EISDIR") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return fieldsSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new BundleError("The bundle's package.json is not valid.", { cause: error });
  }
}

/** The programs of a package: by the name that each is linked under, its path in the package. */
export function programsOf({ name, bin }: Pick<Manifest, "name" | "bin">): Map<string, string> {
  if (bin === undefined) return new Map();
  const named =
    typeof bin === "string" ? Object.entries(name === undefined ? {} : { [name]: bin }) : Object.entries(bin);
  // npm links a program under the last part of its name, and a package's only one without the package's scope.
  return new Map(named.map(([program, path]) => [program.replace(/^.*\//, ""), path]));
}

/**
 * The program that stands for a package, as npx chooses it: the only one of its `bin`, or the one that bears the package's
 * name without its scope. `what` names the package to a person.
 * @throws BundleError when there is none, or several and none of that name.
 */
export function packageProgram(what: string, manifest: Pick<Manifest, "name" | "bin">): string {
  const programs = [...programsOf(manifest).keys()];
  const ownName = manifest.name?.replace(/^@[^/]*\//, "");
  const program = programs.length === 1 ? programs[0] : programs.find((name) => name === ownName);
  if (program !== undefined) return shellWord(program);
  if (programs.length === 0) {
    throw new BundleError(`${what} has no program of its own; give a command to run.`);
  }
  throw new BundleError(`${what} has several programs (${programs.join(", ")}); give the one to run as the command.`);
}

/** The text as one word of a shell command. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

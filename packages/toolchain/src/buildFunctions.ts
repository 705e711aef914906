import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "./repository.ts";

interface Manifest {
  dependencies: Record<string, string>;
}

/** What the cloud's buildpack and the emulators look for among the installed packages, and which load their own parts by path. */
const installed = ["firebase-functions", "firebase-admin"];
/** The bundle is ES modules, but most of what is bundled was written for what CommonJS modules find in their scope. */
const commonJsScope = `
import { createRequire as __createRequire } from "node:module";
const require = __createRequire(import.meta.url);
const __filename = import.meta.filename;
const __dirname = import.meta.dirname;
`;

/**
 * Makes of functions/ what `firebase deploy` uploads: ES modules that contain this repository's own packages and all others,
 * but for those of Firebase, which a package.json names in their exact versions. Uploading functions/ itself would make the cloud's
 * `npm install` look for our own packages in the public registry. An instance that starts, for which somebody waits, reads a few files
 * in place of very many; what it may not need, such as the client of Kubernetes, is a chunk of its own.
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
    sourcesContent: false,
    legalComments: "linked",
    logLevel: "warning",
    banner: { js: commonJsScope },
    external: [
      ...installed.flatMap((name) => [name, `${name}/*`]),
      // pg asks for it, and does without.
      "pg-native",
    ],
    chunkNames: "chunks/[name]-[hash]",
  });
  const manifest = {
    name: "functions",
    private: true,
    type: "module",
    main: "index.js",
    engines: { node: "24" },
    dependencies: Object.fromEntries(installed.map((name) => [name, dependencies[name]])),
  };
  await writeFile(join(target, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

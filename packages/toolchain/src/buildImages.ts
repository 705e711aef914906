// The programs of gateway and runner, for their images: `node packages/toolchain/src/buildImages.ts gateway`.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { build, type BuildOptions } from "esbuild";
import { root } from "./repository.ts";

/** What an image runs, and the packages that it holds beside the bundle, because they are not JavaScript alone. */
const images = {
  // Knex names the drivers of other databases, which nothing here has.
  gateway: {
    entry: "src/image.ts",
    external: [
      "better-sqlite3",
      "mariadb",
      "mysql",
      "mysql2",
      "oracledb",
      "pg-native",
      "pg-query-stream",
      "sqlite3",
      "tedious",
    ],
  },
  runner: { entry: "src/main.ts", external: ["@lydell/node-pty", "npm"] },
};
type ImageName = keyof typeof images;

/** Packages that are CommonJS expect these in what is an ES module now. */
const commonJs = [
  `import { createRequire as cliscaleRequire } from "node:module";`,
  `import { dirname as cliscaleDirname } from "node:path";`,
  "const require = cliscaleRequire(import.meta.url);",
  "const __filename = import.meta.filename;",
  "const __dirname = cliscaleDirname(__filename);",
].join("\n");

/** Bundles a program with everything that it needs, in the versions that package-lock.json names; returns the folder. */
export async function buildImage(name: ImageName): Promise<string> {
  const { entry, external } = images[name];
  const target = join(root, name, "dist");
  await rm(target, { recursive: true, force: true });
  const options: BuildOptions = {
    entryPoints: { main: join(root, name, entry) },
    outdir: target,
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node24",
    outExtension: { ".js": ".mjs" },
    sourcemap: true,
    logLevel: "warning",
    banner: { js: commonJs },
    external,
  };
  await build(options);
  return target;
}

if (import.meta.main) {
  const [name = ""] = process.argv.slice(2);
  if (!Object.hasOwn(images, name))
    throw new Error(`there are images of ${Object.keys(images).join(" and ")}, not of ${name}`);
  await buildImage(name as ImageName);
}

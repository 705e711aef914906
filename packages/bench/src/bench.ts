// `npm run bench -- NAME [PART]...`: runs one benchmark, or parts of it; without a name the one of a warm start. Each writes its figures to `results/`.
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const name = process.argv[2] ?? "warmStart";
const candidates = [join(import.meta.dirname, name, "main.ts"), join(import.meta.dirname, `${name}.ts`)];
const path = /^\w+$/.test(name) && name !== "bench" ? candidates.find((candidate) => existsSync(candidate)) : undefined;
if (path) {
  await import(pathToFileURL(path).href);
} else {
  const folders = (await readdir(import.meta.dirname, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  process.stderr.write(
    `There is no benchmark ${name}; there are warmStart and ${folders.map((entry) => entry.name).join(", ")}.\n`,
  );
  process.exitCode = 1;
}

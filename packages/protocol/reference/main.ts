// `npm run docs` writes into docs/api.md what the schemas say; with --check it only tells whether that is there already.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { renew, root } from "./page.ts";
import { requireSamples } from "./samples.ts";

const path = join(root, "docs/api.md");
const page = await readFile(path, "utf8");
requireSamples(page);
const renewed = await renew(page);

if (renewed !== page) {
  if (process.argv.includes("--check")) {
    process.stderr.write("cliscale: docs/api.md is not what the schemas say: `npm run docs` renews it\n");
    process.exitCode = 1;
  } else {
    await writeFile(path, renewed);
  }
}

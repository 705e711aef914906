// `npm run docs` writes into docs/api.md what the schemas say; with --check it only tells whether that is there already.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { format, type FormatOptions } from "oxfmt";
import { renew } from "./page.ts";
import { requireSamples } from "./samples.ts";

const root = join(import.meta.dirname, "../../..");
const path = join(root, "docs/api.md");

const page = await readFile(path, "utf8");
requireSamples(page);
const options = JSON.parse(await readFile(join(root, ".oxfmtrc.json"), "utf8")) as FormatOptions;
const { code, errors } = await format(path, renew(page), options);
if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join("\n"));

if (code !== page) {
  if (process.argv.includes("--check")) {
    process.stderr.write("cliscale: docs/api.md is not what the schemas say: `npm run docs` renews it\n");
    process.exitCode = 1;
  } else {
    await writeFile(path, code);
  }
}

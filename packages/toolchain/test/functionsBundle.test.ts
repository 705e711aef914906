import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { buildFunctions } from "../src/buildFunctions.ts";
import { root } from "../src/repository.ts";

/** What is uploaded, where nothing of this repository is near, beside the packages that the cloud installs. */
let folder: string;

before(async () => {
  if (process.env["CLISCALE_BUILT"] !== "true") await buildFunctions();
  folder = await mkdtemp(join(tmpdir(), "functions-"));
  await cp(join(root, "functions/dist"), folder, { recursive: true });
  await mkdir(join(folder, "node_modules"));
  for (const name of Object.keys(await dependencies())) {
    await symlink(join(root, "node_modules", name), join(folder, "node_modules", name));
  }
});

after(() => rm(folder, { recursive: true }));

async function dependencies(): Promise<Record<string, string>> {
  const text = await readFile(join(folder, "package.json"), "utf8");
  return (JSON.parse(text) as { dependencies: Record<string, string> }).dependencies;
}

test("the cloud installs Firebase's packages alone, in exact versions", async () => {
  const wanted = await dependencies();
  assert.deepEqual(Object.keys(wanted), ["firebase-functions", "firebase-admin"]);
  for (const version of Object.values(wanted)) assert.match(version, /^\d+\.\d+\.\d+$/);
});

test("every file of it loads, those too that only some deployments need", async () => {
  const chunks = (await readdir(join(folder, "chunks"))).filter((name) => name.endsWith(".js"));
  for (const name of ["cluster", "signer"])
    assert.ok(
      chunks.some((chunk) => chunk.startsWith(name)),
      name,
    );
  const script = `for (const file of process.argv.slice(1)) await import(file);`;
  const files = ["index.js", ...chunks.map((name) => `chunks/${name}`)].map((name) => join(folder, name));
  await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script, ...files], {
    cwd: folder,
    env: { GCLOUD_PROJECT: "demo-cliscale" },
  });
});

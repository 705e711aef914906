import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { BundleError } from "../src/bundle/bundleError.ts";
import { parsePackageSpec } from "../src/bundle/npmPackage.ts";
import { packageProgram } from "../src/bundle/packageProgram.ts";

test("an npm bundle is a name with an exact version", () => {
  for (const spec of ["cowsay@1.6.0", "@acme/tool@2.0.0-rc.1+build.5", "JSONStream@1.3.5", "a.b_c~d@0.0.1"]) {
    const { name, version } = parsePackageSpec(spec);
    assert.equal(`${name}@${version}`, spec);
  }
});

test("whatever else npm would install is refused", () => {
  const refused = [
    ["no version", "cowsay"],
    ["no version behind a scope", "@acme/tool"],
    ["a tag", "cowsay@latest"],
    ["a range", "cowsay@^1.6.0"],
    ["a partial version", "cowsay@1.6"],
    ["a leading zero", "cowsay@01.6.0"],
    ["an alias", "cowsay@npm:other@1.0.0"],
    ["a URL", "https://example.com/a.tgz@1.0.0"],
    ["a repository", "owner/name@1.0.0"],
    ["a folder", "./folder@1.0.0"],
    ["a folder above", "@acme/..@1.0.0"],
    ["an option", "--registry=x@1.0.0"],
    ["a second package", "cowsay@1.6.0 other@1.0.0"],
    ["a line", "cowsay@1.6.0\n"],
    ["no name", "@1.6.0"],
    ["a name without end", `${"a".repeat(215)}@1.0.0`],
  ];
  for (const [name, spec] of refused) {
    assert.throws(() => parsePackageSpec(spec ?? ""), BundleError, name);
  }
});

test("the program of a package is quoted for the shell", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "cliscale-bundle-"));
  t.after(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, "node_modules/odd"), { recursive: true });
  const manifest = join(folder, "node_modules/odd/package.json");
  await writeFile(manifest, JSON.stringify({ bin: { "it's; odd": "x" } }));
  assert.equal(await packageProgram(folder, "odd"), String.raw`'it'\''s; odd'`);
  await writeFile(manifest, JSON.stringify({ bin: 5 }));
  await assert.rejects(packageProgram(folder, "odd"), BundleError);
});

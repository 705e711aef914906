import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Violation } from "@cliscale/protocol";
import { readEnvironment } from "@cliscale/service/environment";
import { bundleSettingFields, bundleSettingsOf, defaultBundleSettings } from "../src/bundleSettings.ts";
import { commandOf, requireAllowedBundle, resolveBundle } from "../src/sessions/bundle.ts";

const sha256 = "a".repeat(64);
const defaults = defaultBundleSettings;
const read = (env: Record<string, string>) => bundleSettingsOf(readEnvironment(bundleSettingFields, env));

function violationsOf(bundle: { source: string; sha256?: string }): Violation[] {
  try {
    requireAllowedBundle(defaults, bundle);
    return [];
  } catch (error) {
    const { code, details } = error as { code: string; details: { violations: Violation[] } };
    assert.equal(code, "invalid-argument");
    return details.violations;
  }
}

test("what a deployment does not allow is refused with the field that is wrong", () => {
  assert.deepEqual(violationsOf({ source: "npm:cowsay@1.6.0" }), []);
  assert.deepEqual(violationsOf({ source: "template:shell" }), []);
  assert.deepEqual(violationsOf({ source: "template:claude-code" }), []);
  assert.deepEqual(violationsOf({ source: "https://github.com/a/b/releases/download/v1/c.tgz", sha256 }), []);
  const fields = (source: string, digest?: string) =>
    violationsOf({ source, ...(digest && { sha256: digest }) }).map(({ field }) => field);
  assert.deepEqual(fields("template:nothing"), ["bundle.source"]);
  assert.deepEqual(fields("template:shell", sha256), ["bundle.sha256"]);
  assert.deepEqual(fields("npm:cowsay@latest"), ["bundle.source"]);
  assert.deepEqual(fields("https://elsewhere.example/a.tgz", sha256), ["bundle.source"]);
  assert.deepEqual(fields("https://169.254.169.254/a.tgz", sha256), ["bundle.source"]);
  assert.deepEqual(fields("https://github.com/a/b/releases/download/v1/c.tgz"), ["bundle.sha256"]);
  assert.deepEqual(fields("https://github.com/a/b/tree/main/c"), ["bundle.source"]);
});

test("a template stands for its bundle and its command, and the user's command comes first", () => {
  const bundle = { source: "template:claude-code" };
  assert.match(resolveBundle(defaults, bundle).source, /^npm:@anthropic-ai\/claude-code@\d+\.\d+\.\d+$/);
  assert.equal(commandOf(defaults, bundle, undefined), "claude");
  assert.equal(commandOf(defaults, bundle, "claude --help"), "claude --help");
  assert.equal(commandOf(defaults, { source: "template:shell" }, undefined), null);
  assert.deepEqual(resolveBundle(defaults, { source: "template:shell" }), { source: "template:shell" });
  assert.equal(commandOf(defaults, { source: "npm:cowsay@1.6.0" }, undefined), null);
});

test("the settings that ship allow every preset, and the install scripts that presets need", () => {
  assert.deepEqual(read({}), defaults);
  for (const { name } of defaults.templates) requireAllowedBundle(defaults, { source: `template:${name}` });
  const needed = defaults.templates.flatMap(({ npmScripts }) => npmScripts);
  assert.ok(needed.length > 0);
  assert.deepEqual(defaults.npmScripts.split(","), needed);
});

test("settings are read from their texts and files, and everything that is wrong is named", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "cliscale-settings-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = async (name: string, content: string) => {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  };
  const tool = { name: "tool", title: "Tool", description: "A tool.", source: "npm:tool@1.0.0", npmScripts: ["tool"] };
  const pem = "-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n";
  const settings = read({
    CLISCALE_NPM_TAGS: "on",
    CLISCALE_TEMPLATES: await file("templates.json", JSON.stringify([tool])),
    CLISCALE_BUNDLE_CA_FILE: await file("ca.pem", pem),
  });
  assert.deepEqual(
    settings.templates.map(({ name }) => name),
    ["shell", "tool"],
  );
  assert.deepEqual([settings.npmTags, settings.npmScripts, settings.bundleCa], [true, "tool", pem]);
  assert.equal(read({ CLISCALE_NPM_SCRIPTS: "esbuild" }).npmScripts, "esbuild");

  const wrong = {
    CLISCALE_BUNDLE_HOSTS: "*",
    CLISCALE_UNPINNED_HOSTS: "10.0.0.1",
    CLISCALE_NPM_TAGS: "yes",
    CLISCALE_NPM_SCRIPTS: "../x",
    CLISCALE_TEMPLATES: await file("wrong.json", JSON.stringify([{ ...tool, source: "npm:tool" }])),
    CLISCALE_BUNDLE_CA_FILE: join(folder, "nowhere.pem"),
  };
  assert.throws(
    () => read(wrong),
    ({ name, message }: Error) => {
      assert.equal(name, "EnvironmentError");
      for (const setting of Object.keys(wrong)) assert.match(message, new RegExp(`^  ${setting}: `, "m"));
      return true;
    },
  );
  const noJson = await file("no.json", "{");
  assert.throws(() => read({ CLISCALE_TEMPLATES: noJson }), /CLISCALE_TEMPLATES: the file/);
  assert.throws(() => read({ CLISCALE_BUNDLE_CA_FILE: noJson }), /CLISCALE_BUNDLE_CA_FILE: the file holds no PEM/);
  const elsewhere = JSON.stringify([{ ...tool, source: "https://elsewhere.example/a.tgz", sha256 }]);
  const forbidden = await file("elsewhere.json", elsewhere);
  assert.throws(
    () => read({ CLISCALE_TEMPLATES: forbidden }),
    /CLISCALE_TEMPLATES: tool: bundle\.source .*elsewhere\.example/,
  );
});

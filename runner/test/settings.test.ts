import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { terminationMessageBytes, terminationMessageSchema } from "@cliscale/protocol";
import { readSettings } from "../src/env.ts";
import { writeTerminationMessage } from "../src/terminationLog.ts";

async function secretFolder(t: TestContext, files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "cliscale-secret-"));
  t.after(() => rm(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

const podSecret = "s".repeat(43);
const variables = {
  RUNNER_SESSION_ID: "00000000-0000-4000-8000-000000000000",
  RUNNER_ADDRESS: "127.65.0.1",
  RUNNER_BUNDLE_SOURCE: "template:shell",
  RUNNER_WORK_DIR: "/work",
  RUNNER_TERMINATION_LOG: "/dev/termination-log",
};

test("the settings are read from the environment and the Secret's files", async (t) => {
  const RUNNER_SECRET_DIR = await secretFolder(t, {
    "pod-secret": podSecret,
    "env.json": '{"A":"1"}',
    command: "echo 'grüß dich'\n",
  });
  const npm = { NPM_CONFIG_GLOBALCONFIG: "/etc/npmrc", npm_config_registry: "https://registry.example" };
  const settings = await readSettings({ ...variables, ...npm, RUNNER_SECRET_DIR, CLISCALE_POD_SANDBOXED: "0" });
  assert.equal(settings.podSecret, podSecret);
  assert.deepEqual(settings.userEnvironment, { A: "1" });
  assert.equal(settings.command, "echo 'grüß dich'\n");
  assert.deepEqual(settings.npmEnvironment, npm);
  assert.equal(settings.sandboxed, false);
});

test("what the operator allows of bundles is read under the settings' names, and each has a default", async (t) => {
  const RUNNER_SECRET_DIR = await secretFolder(t, { "pod-secret": podSecret, "bundle-ca.pem": "PEM" });
  const allowed = {
    CLISCALE_BUNDLE_HOSTS: "private=localhost:8443, files.example",
    CLISCALE_UNPINNED_HOSTS: "files.example",
    CLISCALE_NPM_TAGS: "on",
    CLISCALE_NPM_SCRIPTS: "esbuild,@acme/tool",
  };
  const settings = await readSettings({ ...variables, ...allowed, RUNNER_SECRET_DIR });
  assert.deepEqual(settings.bundlePolicy, {
    hosts: new Map([
      ["localhost:8443", { private: true }],
      ["files.example", { private: false }],
    ]),
    unpinnedHosts: new Set(["files.example"]),
    npmTags: true,
  });
  assert.deepEqual(settings.npmScripts, new Set(["esbuild", "@acme/tool"]));
  assert.equal(settings.bundleCa, "PEM");
  const { bundlePolicy, npmScripts } = await readSettings({ ...variables, RUNNER_SECRET_DIR });
  assert.ok(bundlePolicy.hosts.has("github.com"));
  assert.deepEqual([bundlePolicy.unpinnedHosts.size, bundlePolicy.npmTags, npmScripts.size], [0, false, 0]);
});

test("command and variables may be absent", async (t) => {
  const RUNNER_SECRET_DIR = await secretFolder(t, { "pod-secret": podSecret });
  const settings = await readSettings({ ...variables, RUNNER_SECRET_DIR });
  assert.equal(settings.command, undefined);
  assert.deepEqual(settings.userEnvironment, {});
  assert.equal(settings.sandboxed, true);
});

test("all variables that are wrong are named together", async () => {
  const wrong = readSettings({ ...variables, RUNNER_ADDRESS: "localhost", RUNNER_SESSION_ID: "" });
  await assert.rejects(wrong, /RUNNER_SESSION_ID[^]*RUNNER_ADDRESS[^]*RUNNER_SECRET_DIR/);
});

test("a wrong Secret is named by its file, and not shown", async (t) => {
  const missing = await secretFolder(t, {});
  await assert.rejects(readSettings({ ...variables, RUNNER_SECRET_DIR: missing }), /pod-secret/);
  for (const content of ["{", '{"A":1}', "[]"]) {
    const RUNNER_SECRET_DIR = await secretFolder(t, { "pod-secret": podSecret, "env.json": `${content}hush` });
    await assert.rejects(readSettings({ ...variables, RUNNER_SECRET_DIR }), (error: Error) => {
      assert.match(error.message, /env\.json/);
      assert.doesNotMatch(error.message, /hush/);
      return true;
    });
  }
});

test("the longest termination message is kept whole by Kubernetes", async (t) => {
  const path = join(await secretFolder(t, {}), "log");
  const longest = "\u0001".repeat(8192);
  await writeTerminationMessage(path, { outcome: "failed", message: longest, command: longest });
  const written = await readFile(path, "utf8");
  assert.ok(Buffer.byteLength(written) <= terminationMessageBytes);
  assert.equal(terminationMessageSchema.parse(JSON.parse(written)).outcome, "failed");
});

import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { describe, test, type TestContext } from "node:test";
import { type Entry, tgz, zip } from "../support/archives.ts";
import { spelledOut } from "../support/client.ts";
import { type Origin, sha256Of, startOrigin } from "../support/origin.ts";
import { startRegistry } from "../support/registry.ts";
import type { RunnerOptions } from "../support/runner.ts";
import { runToEnd } from "../support/session.ts";

const script = (text: string): string => `#!/bin/sh\necho ${text}\n`;
const step = (text: string): string => `ESC[2mcliscale: ${text}ESC[22m\r\n`;
const tool: Entry[] = [
  { path: "tool/package.json", content: JSON.stringify({ name: "@acme/tool", bin: "bin/run.sh" }) },
  { path: "tool/bin/run.sh", content: script("tool-ran in $(basename $PWD)") },
];

/** Serves an archive and runs a session on it to its end. */
async function run(t: TestContext, archive: Buffer, options: RunnerOptions & { unpinned?: boolean } = {}) {
  const origin = await startOrigin(t, (_, response) => response.end(archive));
  const { unpinned, ...rest } = options;
  const end = await runToEnd(t, {
    source: `https://localhost:${origin.port}/tool.tgz?signature=hush`,
    ...(!unpinned && { sha256: sha256Of(archive) }),
    bundleCa: origin.ca,
    policy: policyFor(origin, unpinned),
    ...rest,
  });
  const left = (await readdir(end.settings.workFolder)).filter((name) => name !== "npm").sort();
  assert.deepEqual(left, ["home", "work"], "something is left beside the bundle");
  return { ...end, origin };
}

function policyFor({ port }: Origin, unpinned = false) {
  return {
    CLISCALE_BUNDLE_HOSTS: `private=localhost:${port}`,
    ...(unpinned && { CLISCALE_UNPINNED_HOSTS: `localhost:${port}` }),
  };
}

describe("an archive", () => {
  test("is fetched, verified and unpacked, visibly, and its package's program runs when no command is given", async (t) => {
    const archive = tgz(tool);
    const { output, origin, message } = await run(t, archive);
    assert.equal(
      spelledOut(output),
      step(`fetching https://localhost:${origin.port}/tool.tgz`) +
        step(`fetched ${archive.length} bytes, whose SHA-256 is as given, ${sha256Of(archive)}`) +
        step("unpacking") +
        "tool-ran in work\r\n",
    );
    assert.deepEqual(message, { outcome: "exited", exitCode: 0, command: "tool" });
  });

  test("may be a zip, and the command a user's own", async (t) => {
    const { output } = await run(t, zip(tool), { command: "ls; tool; sh bin/run.sh" });
    assert.match(output, /\r\nbin\s+node_modules\s+package\.json\r\ntool-ran in work\r\ntool-ran in work\r\n$/);
  });

  test("of a host that is not pinned needs no SHA-256, and is told the one it has", async (t) => {
    const archive = tgz([{ path: "run", content: script("plain"), mode: 0o755 }]);
    const { output } = await run(t, archive, { unpinned: true, command: "./run" });
    assert.match(output, new RegExp(`SHA-256 is ${sha256Of(archive)}`));
    assert.match(output, /plain\r\n$/);
    const wrong = await run(t, archive, { unpinned: true, command: "./run", sha256: "0".repeat(64) });
    assert.equal(wrong.message.outcome, "failed");
  });

  test("is not looked at when its SHA-256 is another", async (t) => {
    const archive = tgz(tool);
    const swapped = Buffer.from(archive);
    swapped[swapped.length - 5]! ^= 1;
    const truncated = archive.subarray(0, -1);
    for (const [name, served] of Object.entries({ "one bit flipped": swapped, truncated })) {
      const { output, message, code } = await run(t, served, { sha256: sha256Of(archive) });
      assert.doesNotMatch(output, /unpacking|tool-ran/, name);
      const words = `The archive is not the one that was asked for: its SHA-256 is ${sha256Of(served)}, not ${sha256Of(archive)}.`;
      assert.deepEqual(message, { outcome: "failed", message: words });
      assert.ok(spelledOut(output).endsWith(`ESC[31mcliscale: ${words}ESC[39m\r\n`));
      assert.equal(code, 1);
    }
  });

  test("that leads out of its folder ends the session as failed, in words, with nothing left", async (t) => {
    for (const pack of [tgz, zip]) {
      const { message, output } = await run(t, pack([...tool, { path: "../../evil", content: "x" }]), {
        command: "echo ran",
      });
      assert.equal(message.outcome, "failed");
      assert.match((message as { message: string }).message, /\.\.\/\.\.\/evil/);
      assert.doesNotMatch(output, /^ran/m);
    }
  });

  test("without a program runs only what a user says", async (t) => {
    const bare = await run(t, tgz([{ path: "readme.txt", content: "x" }]));
    assert.match(bare.output, /no package\.json that names a program; give a command to run/);
    const library = await run(t, tgz([{ path: "package.json", content: '{"name":"library"}' }]));
    assert.match(library.output, /The bundle has no program of its own/);
    const broken = await run(t, tgz([{ path: "package.json", content: "{" }]));
    assert.match(broken.output, /package\.json is not valid/);
    const escaping = JSON.stringify({ name: "x", bin: "../../../../bin/sh" });
    const outside = await run(t, tgz([{ path: "package.json", content: escaping }]));
    assert.match(outside.output, /names the program x, but there is no file/);
  });

  test("gets what its package depends on from npm, as the operator configures it, without install scripts", async (t) => {
    const [registry, decoy] = await Promise.all([
      startRegistry(t, [
        {
          manifest: { name: "helper", version: "1.0.0", bin: "run.sh", scripts: { install: "echo > built" } },
          files: { "run.sh": script("helped") },
        },
        { manifest: { name: "tester", version: "1.0.0" }, files: {} },
      ]),
      startRegistry(t, []),
    ]);
    const manifest = {
      name: "tool",
      bin: { tool: "run.sh" },
      dependencies: { helper: "^1.0.0" },
      devDependencies: { tester: "1.0.0" },
      scripts: { postinstall: "echo > own-built" },
      allowScripts: { helper: true },
    };
    const npmrc = `registry=${decoy.url}\nignore-scripts=false\ndangerously-allow-all-scripts=true\n`;
    const lock = {
      lockfileVersion: 3,
      requires: true,
      packages: {
        "": manifest,
        "node_modules/helper": {
          version: "1.0.0",
          resolved: `${decoy.url}/tarballs/0.tgz`,
          hasInstallScript: true,
          bin: { helper: "run.sh" },
        },
      },
    };
    const archive = tgz([
      { path: "top/package.json", content: JSON.stringify(manifest) },
      { path: "top/package-lock.json", content: JSON.stringify(lock) },
      { path: "top/run.sh", content: `${script("own")}helper\nls -A . node_modules node_modules/helper\n` },
      { path: "top/.npmrc", content: npmrc },
    ]);
    const { output } = await run(t, archive, { variables: registry.variables });
    assert.match(output, /installing what it depends on from npm/);
    assert.match(output, /own\r\nhelped\r\n/);
    assert.match(output, /\.npmrc/);
    assert.doesNotMatch(output, /built|tester/);
    assert.deepEqual(decoy.requests, []);
  });

  test("is fetched as the operator says, whatever a user's variables do", async (t) => {
    const decoy = await startRegistry(t, []);
    const archive = tgz(tool);
    const env = {
      HTTPS_PROXY: decoy.url,
      https_proxy: decoy.url,
      NODE_USE_ENV_PROXY: "1",
      NODE_OPTIONS: "--require=/nonexistent.js",
      NODE_TLS_REJECT_UNAUTHORIZED: "0",
      CLISCALE_BUNDLE_HOSTS: "elsewhere.example",
      RUNNER_BUNDLE_SOURCE: "template:shell",
    };
    const { output } = await run(t, archive, { env, command: "tool; env" });
    assert.match(output, /tool-ran in work/);
    for (const [name, value] of Object.entries(env)) assert.ok(output.includes(`\n${name}=${value}\r`), name);
    assert.deepEqual(decoy.requests, []);
    const untrusted = await run(t, archive, { env, bundleCa: "" });
    assert.match(untrusted.output, /self-signed certificate/);
    assert.equal(untrusted.message.outcome, "failed");
  });
});

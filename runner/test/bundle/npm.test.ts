import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { spelledOut } from "../support/client.ts";
import { startRegistry } from "../support/registry.ts";
import type { RunnerOptions } from "../support/runner.ts";
import { runToEnd } from "../support/session.ts";

const program = (text: string) => `#!/bin/sh\necho ${text}\n`;
const packages = [
  {
    manifest: { name: "greeter", version: "1.2.3", bin: "run.sh", dependencies: { helper: "1.0.0" } },
    files: { "run.sh": '#!/bin/sh\necho "greetings $*"\nhelper\n' },
  },
  { manifest: { name: "helper", version: "1.0.0", bin: { helper: "run.sh" } }, files: { "run.sh": program("helped") } },
  {
    manifest: { name: "@acme/several", version: "2.0.0-rc.1", bin: { other: "other.sh", several: "own.sh" } },
    files: { "other.sh": program("the-other"), "own.sh": program("its-own") },
  },
  {
    manifest: { name: "ambiguous", version: "1.0.0", bin: { one: "one.sh", two: "two.sh" } },
    files: { "one.sh": program("one"), "two.sh": program("two") },
  },
  { manifest: { name: "library", version: "1.0.0" }, files: { "index.js": "" } },
  {
    manifest: { name: "scripted", version: "1.0.0", bin: "run.sh", scripts: { postinstall: "echo ran > installed" } },
    files: { "run.sh": '#!/bin/sh\nls "$(dirname "$(readlink -f "$0")")"\n' },
  },
  {
    manifest: { name: "native", version: "1.0.0", scripts: { install: "echo native-$USERS_OWN-built > installed" } },
    files: {},
  },
  {
    manifest: { name: "impostor", version: "1.0.0", scripts: { install: "echo impostor-built > installed" } },
    files: {},
  },
  {
    manifest: {
      name: "addon",
      version: "1.0.0",
      dependencies: { native: "1.0.0", scripted: "1.0.0" },
    },
    files: {},
  },
  // What is found as `native` in the tree of this one is another package.
  { manifest: { name: "alias", version: "1.0.0", dependencies: { native: "npm:impostor@1.0.0" } }, files: {} },
  { manifest: { name: "remote", version: "1.0.0", dependencies: { far: "http://127.0.0.1:9/far.tgz" } }, files: {} },
  { manifest: { name: "git", version: "1.0.0", dependencies: { far: "git+http://127.0.0.1:9/far.git" } }, files: {} },
  { manifest: { name: "local", version: "1.0.0", dependencies: { far: "file:../../../../etc" } }, files: {} },
];

/** Runs a session on the registry's packages to its end. */
async function run(t: TestContext, options: RunnerOptions) {
  const registry = await startRegistry(t, packages);
  return await runToEnd(t, { ...options, variables: registry.variables });
}

describe("an npm bundle", () => {
  test("is installed, visibly, and its only program runs when no command is given", async (t) => {
    const end = await run(t, { source: "npm:greeter@1.2.3" });
    assert.match(
      spelledOut(end.output),
      /^ESC\[2mcliscale: installing greeter@1\.2\.3 from npmESC\[22m\r\n[^]*added 2 packages[^]*greetings \r\nhelped\r\n$/,
    );
    assert.deepEqual(end.exit, { exitCode: 0 });
    assert.equal(end.title, "greeter");
    assert.deepEqual(end.message, { outcome: "exited", exitCode: 0, command: "greeter" });
  });

  test("has its programs on the command's PATH", async (t) => {
    const end = await run(t, { source: "npm:greeter@1.2.3", command: "greeter a 'b c'; ls; exit 3" });
    assert.match(end.output, /greetings a b c\r\nhelped\r\nnode_modules\s+package-lock\.json\s+package\.json\r\n$/);
    assert.equal(end.code, 3);
  });

  test("of several programs runs the one that bears its name without the scope", async (t) => {
    const end = await run(t, { source: "npm:@acme/several@2.0.0-rc.1" });
    assert.match(end.output, /its-own\r\n$/);
  });

  test("fails when it is not clear which program to run", async (t) => {
    const end = await run(t, { source: "npm:ambiguous@1.0.0" });
    assert.match(spelledOut(end.output), /ESC\[31mcliscale: .*several programs \(one, two\).*\r\n$/);
    assert.deepEqual(end.exit, { exitCode: 1 });
    assert.equal(end.code, 1);
    assert.equal(end.message.outcome, "failed");
  });

  test("fails when it has no program and no command is given", async (t) => {
    const end = await run(t, { source: "npm:library@1.0.0" });
    assert.match(end.output, /no program of its own/);
    assert.equal(end.message.outcome, "failed");
  });

  test("fails with npm's reason when there is no such version or package", async (t) => {
    const version = await run(t, { source: "npm:greeter@9.9.9", command: "greeter" });
    assert.deepEqual(version.message, {
      outcome: "failed",
      message: "npm could not install greeter@9.9.9: notarget No matching version found for greeter@9.9.9.",
      command: "greeter",
    });
    const name = await run(t, { source: "npm:nobody-wrote-this@1.0.0" });
    assert.match(spelledOut(name.output), /ESC\[31mcliscale: npm could not install nobody-wrote-this@1\.0\.0: 404 /);
  });

  test("does not run its install scripts", async (t) => {
    const end = await run(t, { source: "npm:scripted@1.0.0" });
    assert.match(end.output, /package\.json\s+run\.sh\r\n$/);
    assert.doesNotMatch(end.output, /installed/);
  });

  test("of its packages, those that the operator lists run their install scripts, and only those", async (t) => {
    const command = "cat node_modules/*/installed";
    const policy = { CLISCALE_NPM_SCRIPTS: "native,other" };
    const env = { USERS_OWN: "leaked", npm_config_ignore_scripts: "true" };
    const listed = await run(t, { source: "npm:addon@1.0.0", command, policy, env });
    assert.match(listed.output, /cliscale: running the install scripts of native[^,]/);
    assert.match(listed.output, /native--built\r\n$/);
    const unlisted = await run(t, { source: "npm:addon@1.0.0", command });
    assert.match(unlisted.output, /No such file or directory/);
    const alias = await run(t, { source: "npm:alias@1.0.0", command, policy });
    assert.match(alias.output, /No such file or directory/);
  });

  test("fails when an install script does", async (t) => {
    const registry = await startRegistry(t, [
      { manifest: { name: "broken", version: "1.0.0", scripts: { postinstall: "echo it broke; exit 5" } }, files: {} },
    ]);
    const policy = { CLISCALE_NPM_SCRIPTS: "broken" };
    const end = await runToEnd(t, {
      source: "npm:broken@1.0.0",
      command: "true",
      policy,
      variables: registry.variables,
    });
    assert.match(end.output, /it broke/);
    assert.equal(end.message.outcome, "failed");
  });

  test("depends on nothing that is not of the registry", async (t) => {
    for (const name of ["remote", "git", "local"]) {
      const end = await run(t, { source: `npm:${name}@1.0.0`, command: "true" });
      assert.equal(end.message.outcome, "failed", end.output);
      assert.match(end.output, /EALLOW(REMOTE|GIT|DIRECTORY)/);
    }
  });

  test("may be a tag where the operator allows it", async (t) => {
    const allowed = await run(t, { source: "npm:greeter@latest", policy: { CLISCALE_NPM_TAGS: "on" } });
    assert.match(allowed.output, /greetings/);
    const refused = await run(t, { source: "npm:greeter@latest" });
    assert.equal(refused.message.outcome, "failed");
    assert.match(refused.output, /must name an exact version/);
  });

  test("is not fetched, or run, as the user's variables say", async (t) => {
    const decoy = await startRegistry(t, []);
    const env = {
      npm_config_registry: decoy.url,
      NPM_CONFIG_GLOBALCONFIG: "/nonexistent",
      npm_config_prefix: "/nonexistent",
      HTTP_PROXY: decoy.url,
      http_proxy: decoy.url,
      NODE_OPTIONS: "--require=/nonexistent.js",
      NODE_PATH: "/nonexistent",
      HOME: "/nonexistent",
    };
    const command = "greeter; env";
    const end = await run(t, { source: "npm:greeter@1.2.3", command, env });
    assert.match(end.output, /greetings/);
    assert.deepEqual(decoy.requests, []);
    for (const [name, value] of Object.entries(env)) assert.ok(end.output.includes(`\n${name}=${value}\r`), name);
  });
});

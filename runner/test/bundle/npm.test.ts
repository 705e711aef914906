import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test, type TestContext } from "node:test";
import { terminationMessageSchema } from "@cliscale/protocol";
import { attach, spelledOut } from "../support/client.ts";
import { startRegistry } from "../support/registry.ts";
import type { RunnerOptions } from "../support/runner.ts";
import { startTestSession } from "../support/session.ts";

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
];

/** Runs a session on the registry's packages to its end, watched by a client. */
async function runToEnd(t: TestContext, options: RunnerOptions) {
  const registry = await startRegistry(t, packages);
  const { session, settings } = await startTestSession(t, { ...options, variables: registry.variables });
  const client = await attach(t, settings);
  assert.equal((await client.closed).code, 1000);
  const code = await session.ended;
  const message = terminationMessageSchema.parse(JSON.parse(await readFile(settings.terminationLog, "utf8")));
  return { output: client.output(), exit: client.exit(), title: client.title(), code, message };
}

describe("an npm bundle", () => {
  test("is installed, visibly, and its only program runs when no command is given", async (t) => {
    const end = await runToEnd(t, { source: "npm:greeter@1.2.3" });
    assert.match(
      spelledOut(end.output),
      /^ESC\[2mcliscale: installing greeter@1\.2\.3 from npmESC\[22m\r\n[^]*added 2 packages[^]*greetings \r\nhelped\r\n$/,
    );
    assert.deepEqual(end.exit, { exitCode: 0 });
    assert.equal(end.title, "greeter");
    assert.deepEqual(end.message, { outcome: "exited", exitCode: 0, command: "greeter" });
  });

  test("has its programs on the command's PATH", async (t) => {
    const end = await runToEnd(t, { source: "npm:greeter@1.2.3", command: "greeter a 'b c'; ls; exit 3" });
    assert.match(end.output, /greetings a b c\r\nhelped\r\nnode_modules\s+package-lock\.json\s+package\.json\r\n$/);
    assert.equal(end.code, 3);
  });

  test("of several programs runs the one that bears its name without the scope", async (t) => {
    const end = await runToEnd(t, { source: "npm:@acme/several@2.0.0-rc.1" });
    assert.match(end.output, /its-own\r\n$/);
  });

  test("fails when it is not clear which program to run", async (t) => {
    const end = await runToEnd(t, { source: "npm:ambiguous@1.0.0" });
    assert.match(spelledOut(end.output), /ESC\[31mcliscale: .*several programs \(one, two\).*\r\n$/);
    assert.deepEqual(end.exit, { exitCode: 1 });
    assert.equal(end.code, 1);
    assert.equal(end.message.outcome, "failed");
  });

  test("fails when it has no program and no command is given", async (t) => {
    const end = await runToEnd(t, { source: "npm:library@1.0.0" });
    assert.match(end.output, /no program of its own/);
    assert.equal(end.message.outcome, "failed");
  });

  test("fails with npm's reason when there is no such version or package", async (t) => {
    const version = await runToEnd(t, { source: "npm:greeter@9.9.9", command: "greeter" });
    assert.deepEqual(version.message, {
      outcome: "failed",
      message: "npm could not install greeter@9.9.9: notarget No matching version found for greeter@9.9.9.",
      command: "greeter",
    });
    const name = await runToEnd(t, { source: "npm:nobody-wrote-this@1.0.0" });
    assert.match(spelledOut(name.output), /ESC\[31mcliscale: npm could not install nobody-wrote-this@1\.0\.0: 404 /);
  });

  test("does not run its install scripts", async (t) => {
    const end = await runToEnd(t, { source: "npm:scripted@1.0.0" });
    assert.match(end.output, /package\.json\s+run\.sh\r\n$/);
    assert.doesNotMatch(end.output, /installed/);
  });

  test("is not fetched from where the user's variables say", async (t) => {
    const decoy = await startRegistry(t, []);
    const env = { npm_config_registry: decoy.url, NPM_CONFIG_GLOBALCONFIG: "/nonexistent", HOME: "/nonexistent" };
    const end = await runToEnd(t, { source: "npm:greeter@1.2.3", env });
    assert.match(end.output, /greetings/);
    assert.deepEqual(decoy.requests, []);
  });
});

// Bundles that work, those that cannot be had or are hostile, commands that fail, and an `env` that reaches for more.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { CallError } from "@cliscale/client";
import { closeCodes, type Session, serverMessage } from "@cliscale/protocol";
import { type ArchiveHost, startArchiveHost, tgz } from "../../src/archiveHost.ts";
import { attach } from "../../src/socket.ts";
import { eventually, leavesNothing, startWorld, type World } from "../../src/world.ts";

const greeter = {
  "greeter/package.json": JSON.stringify({ name: "greeter", version: "1.0.0", bin: "greet.js" }),
  "greeter/greet.js": `#!/usr/bin/env node\nconsole.log("greetings from", require("node:path").basename(process.cwd()));\n`,
};
let host: ArchiveHost;
let world: World;

before(async () => {
  host = await startArchiveHost();
  world = await startWorld({ CLISCALE_BUNDLE_HOSTS: `private=${host.host}`, CLISCALE_BUNDLE_CA_FILE: host.caFile });
});

after(async () => {
  await world?.remove();
  await host?.close();
});

interface Run {
  output: string;
  session: Session;
  exit: unknown;
}

/** Runs a session to its end, attached, and waits until its row says how it ended. */
async function run(input: Parameters<World["user"]["client"]["createSession"]>[0], waitMilliseconds = 0): Promise<Run> {
  const { client } = world.user;
  return leavesNothing(world, async () => {
    const { session, attach: how } = await client.createSession(input);
    await delay(waitMilliseconds);
    const attaching = waitMilliseconds > 0 ? (await client.attachSession(session.id)).attach : how;
    assert.ok(attaching, JSON.stringify(session));
    const socket = await attach(attaching);
    const { code } = await socket.closed;
    assert.equal(code, closeCodes.ended, socket.output());
    const ended = await eventually(async () => {
      const found = await client.getSession(session.id);
      assert.equal(found.session.state, "ended");
      return found.session;
    });
    return { output: socket.output(), session: ended, exit: socket.json(serverMessage.exit)[0] };
  });
}

test("an archive with the right SHA-256 is unpacked, and its program runs", async () => {
  const { output, session } = await run({ bundle: host.serve("greeter.tgz", await tgz(greeter)) });
  assert.match(output, /greetings from work/);
  assert.deepEqual([session.endReason, session.exitCode], ["exited", 0]);
});

test("an archive with another SHA-256 is not unpacked: the terminal and the session say so", async () => {
  const { source } = host.serve("swapped.tgz", await tgz(greeter));
  const { output, session } = await run({ bundle: { source, sha256: "0".repeat(64) } });
  assert.equal(session.endReason, "failed");
  assert.match(session.message!, /SHA-256/);
  assert.match(output, /SHA-256/);
  assert.doesNotMatch(output, /greetings/);
});

test("an archive that reaches out of its folder is refused as a whole", async () => {
  const hostile = await tgz({ ...greeter, "../escaped.js": "" });
  const { session, output } = await run({ bundle: host.serve("hostile.tgz", hostile), command: "ls -a .. ." });
  assert.equal(session.endReason, "failed");
  assert.match(session.message!, /\.\./);
  assert.match(output, /cliscale: .*\.\./);
});

/** Whether an error names this field, and no other. */
const refused = (field: string) => (error: unknown) => {
  assert.ok(error instanceof CallError);
  assert.equal(error.code, "invalid-argument");
  assert.deepEqual(
    error.details.violations?.map((violation) => violation.field),
    [field],
  );
  return true;
};

test("a source that is not allowed is refused before there is a session, by its field", async () => {
  const { client } = world.user;
  const sha256 = "0".repeat(64);
  await leavesNothing(world, async () => {
    const { source } = host.serve("unpinned.tgz", await tgz(greeter));
    await assert.rejects(client.createSession({ bundle: { source } }), refused("bundle.sha256"));
    for (const foreign of [
      "https://example.com/x.tgz",
      "https://169.254.169.254/x.tgz",
      `https://evil@${host.host}/x`,
    ]) {
      const creating = client.createSession({ bundle: { source: foreign, sha256 } });
      await assert.rejects(creating, refused("bundle.source"), foreign);
    }
    await assert.rejects(client.createSession({ bundle: { source: "npm:cowsay@latest" } }), refused("bundle.source"));
  });
});

test("`env` that would configure the runner reaches the command alone", async () => {
  const env = {
    NODE_OPTIONS: "--require=/nowhere/evil.js",
    NPM_CONFIG_REGISTRY: "http://127.0.0.1:9",
    npm_config_ignore_scripts: "false",
    HTTPS_PROXY: "http://127.0.0.1:9",
    https_proxy: "http://127.0.0.1:9",
    NODE_EXTRA_CA_CERTS: "/nowhere/ca.crt",
    RUNNER_SECRET_DIR: "/nowhere",
    RUNNER_TERMINATION_LOG: "/nowhere/log",
    LD_PRELOAD: "/nowhere/evil.so",
  };
  const names = Object.keys(env).filter((name) => name !== "LD_PRELOAD");
  const command = `for name in ${names.join(" ")}; do eval "echo $name is [\\$$name]"; done; ls node_modules/.bin`;
  const { output, session } = await run({ bundle: { source: "npm:cowsay@1.6.0" }, env, command });
  assert.deepEqual([session.endReason, session.exitCode], ["exited", 0]);
  for (const name of names) assert.ok(output.includes(`${name} is [${env[name as keyof typeof env]}]`), name);
  assert.match(output, /cowsay/);
});

test("a package that does not exist, or not in that version, ends the session in npm's words", async () => {
  for (const source of ["npm:@cliscale/no-such-package@1.0.0", "npm:cowsay@99.0.0"]) {
    const { session, output, exit } = await run({ bundle: { source } });
    assert.equal(session.endReason, "failed", source);
    assert.match(session.message!, /npm could not install/);
    assert.match(stripVTControlCharacters(output), /npm error/);
    assert.deepEqual(exit, { exitCode: 1 });
  }
});

test("a command that is not found exits with 127", async () => {
  const { session, output } = await run({ bundle: { source: "template:shell" }, command: "no-such-command" });
  assert.deepEqual([session.endReason, session.exitCode, session.message], ["exited", 127, undefined]);
  assert.match(output, /no-such-command.*not found/);
});

test("a command that has ended before anyone attaches: its output and exit code are still seen", async () => {
  const input = { bundle: { source: "template:shell" }, command: "echo nobody saw this; exit 3" };
  // It starts without a terminal after 10 s.
  const { session, output, exit } = await run(input, 12_000);
  assert.match(output, /nobody saw this/);
  assert.deepEqual(exit, { exitCode: 3 });
  assert.deepEqual([session.endReason, session.exitCode], ["exited", 3]);
});

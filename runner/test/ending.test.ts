import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { clientMessage } from "@cliscale/protocol";
import { attach } from "./support/client.ts";
import { startRegistry } from "./support/registry.ts";
import { startRunner } from "./support/runner.ts";
import { commandEnded, startTestSession } from "./support/session.ts";

async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat !== "" && !/\) [ZX] /.test(stat);
}

describe("when the command ends", () => {
  test("all output, the exit message and 1000 come in this order, and the process exits with the code", async (t) => {
    for (const [command, exit] of [
      ["seq 20000; echo last; exit 42", { exitCode: 42 }],
      ["seq 20000; echo last; kill -KILL $$", { exitCode: 137, signal: "SIGKILL" }],
      ["no-such-program; code=$?; seq 20000; echo last; exit $code", { exitCode: 127 }],
    ] as const) {
      const runner = await startRunner(t, { command });
      const client = await attach(t, runner);
      assert.equal((await client.closed).code, 1000);
      assert.match(client.output().slice(-20), /\n20000\r\nlast\r\n$/);
      assert.equal(client.messages.at(-1)?.type, 0x34);
      assert.deepEqual(client.exit(), exit);
      assert.deepEqual(await runner.exited, { code: exit.exitCode, signal: null });
      assert.deepEqual(await runner.terminationMessage(), { outcome: "exited", exitCode: exit.exitCode, command });
    }
  });

  test("before anybody has attached, a later client still sees output and exit code", async (t) => {
    const { session, settings } = await startTestSession(t, { command: "echo early; exit 9" }, { firstHello: 50 });
    await commandEnded(settings);
    const client = await attach(t, settings);
    assert.equal((await client.closed).code, 1000);
    assert.equal(client.output(), "early\r\n");
    assert.deepEqual(client.exit(), { exitCode: 9 });
    assert.equal(await session.ended, 9);
  });

  test("and nobody comes to see it, the session ends all the same", async (t) => {
    const times = { firstHello: 50, delivery: 100, farewell: 100 };
    const { session } = await startTestSession(t, { command: "exit 4" }, times);
    assert.equal(await session.ended, 4);
  });

  test("a client that vanishes has not received it, the next one does", async (t) => {
    const { session, settings } = await startTestSession(t, { command: "read go; echo end; exit 6" }, {});
    const lost = await attach(t, settings);
    await lost.until(() => lost.positions().length > 0);
    lost.socket.pause();
    const other = await attach(t, settings);
    other.send(clientMessage.pause);
    other.input("go\n");
    await commandEnded(settings);
    lost.socket.terminate();
    other.socket.terminate();
    await Promise.all([lost.closed, other.closed]);
    const next = await attach(t, settings);
    assert.equal((await next.closed).code, 1000);
    assert.match(next.output(), /end\r\n$/);
    assert.equal(await session.ended, 6);
  });

  test("a client that was paused gets the last output once it resumes", async (t) => {
    const runner = await startRunner(t, { command: "read go; seq 3000; echo last" });
    const client = await attach(t, runner);
    await client.until(() => client.positions().length > 0);
    client.input("go\n");
    client.send(clientMessage.pause);
    await commandEnded(runner);
    client.send(clientMessage.resume);
    await client.closed;
    assert.match(client.output(), /\n3000\r\nlast\r\n$/);
    assert.deepEqual(client.exit(), { exitCode: 0 });
  });

  test("everybody who is attached gets the end", async (t) => {
    const runner = await startRunner(t, { command: "read go; echo end" });
    const clients = await Promise.all([attach(t, runner), attach(t, runner), attach(t, runner)]);
    for (const client of clients) await client.until(() => client.positions().length > 0);
    clients[0]?.input("go\n");
    for (const client of clients) {
      assert.equal((await client.closed).code, 1000);
      assert.match(client.output(), /end\r\n$/);
      assert.deepEqual(client.exit(), { exitCode: 0 });
    }
  });

  test("what it left in the background ends with it", async (t) => {
    const command = `(trap '' HUP TERM; echo pid-$(sh -c 'echo $PPID'); while :; do sleep 60; done) & read go`;
    const { session, settings } = await startTestSession(t, { command }, { kill: 100 });
    const client = await attach(t, settings);
    await client.until(() => /pid-\d+\r/.test(client.output()));
    const pid = Number(/pid-(\d+)/.exec(client.output())?.[1]);
    assert.ok(await isRunning(pid));
    client.input("go\n");
    assert.equal(await session.ended, 0);
    assert.equal(await isRunning(pid), false);
  });
});

describe("when it is told to stop", () => {
  test("it drops the sockets without a close frame and leaves no process behind", async (t) => {
    const command = `set -m; sleep 600 & echo pids-$$-$!-; wait`;
    const runner = await startRunner(t, { command });
    const client = await attach(t, runner);
    await client.until(() => /pids-\d+-\d+-/.test(client.output()));
    const pids = /pids-(\d+)-(\d+)-/.exec(client.output())?.slice(1).map(Number) ?? [];
    for (const pid of pids) assert.ok(await isRunning(pid));
    runner.kill("SIGTERM");
    assert.equal((await client.closed).code, 1006);
    assert.deepEqual(await runner.exited, { code: 143, signal: null });
    assert.equal(client.exit(), undefined);
    for (const pid of pids) assert.equal(await isRunning(pid), false);
    await assert.rejects(runner.terminationMessage(), { code: "ENOENT" });
  });

  test("processes that do not listen are ended after a grace", async (t) => {
    const command = `trap '' HUP TERM; echo pid-$$-; while :; do sleep 60; done`;
    const { session, settings } = await startTestSession(t, { command }, { kill: 100 });
    const client = await attach(t, settings);
    await client.until(() => /pid-\d+-/.test(client.output()));
    assert.equal(await session.stop(), 143);
    assert.equal(await isRunning(Number(/pid-(\d+)/.exec(client.output())?.[1])), false);
  });

  test("during an install, npm ends too", async (t) => {
    const registry = await startRegistry(t, []);
    const stuck = registry.hold();
    const runner = await startRunner(t, { source: "npm:greeter@1.0.0", variables: registry.variables });
    const client = await attach(t, runner);
    const request = await stuck;
    runner.kill("SIGTERM");
    await once(request.socket, "close");
    assert.equal((await client.closed).code, 1006);
    assert.deepEqual(await runner.exited, { code: 143, signal: null });
  });

  test("while it waits for a client, it exits with the command's code", async (t) => {
    const runner = await startRunner(t, { command: "exit 12" });
    const client = await attach(t, runner);
    client.send(clientMessage.pause);
    await commandEnded(runner);
    runner.kill("SIGTERM");
    await client.closed;
    assert.deepEqual(await runner.exited, { code: 12, signal: null });
  });
});

test("a runner that is started wrongly says so and leaves a message", async (t) => {
  const runner = startRunner(t, { variables: { RUNNER_ADDRESS: "nowhere" } });
  await assert.rejects(runner, /RUNNER_ADDRESS: must be an IP address/);
});

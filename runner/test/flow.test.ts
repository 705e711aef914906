import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { clientMessage, serverMessage } from "@cliscale/protocol";
import { attach, type TerminalClient } from "./support/client.ts";
import { startRunner } from "./support/runner.ts";
import { commandEnded, startTestSession } from "./support/session.ts";

/** Pauses the client, and waits until the terminal has taken that in. */
async function pause(client: TerminalClient): Promise<void> {
  const pongs = () => client.messages.filter(({ type }) => type === serverMessage.pong).length;
  const before = pongs();
  client.send(clientMessage.pause);
  client.send(clientMessage.ping);
  await client.until(() => pongs() > before);
}

test("a paused client gets no output, and all of it once it resumes", async (t) => {
  const { settings } = await startTestSession(t, { command: "read go; seq 1000; echo end; cat" });
  const paused = await attach(t, settings);
  await paused.until(() => paused.positions().length > 0);
  await pause(paused);
  const other = await attach(t, settings);
  other.input("go\n");
  await other.until(() => other.tail().endsWith("end\r\n"));
  paused.send(clientMessage.ping);
  await paused.until(() => paused.messages.filter(({ type }) => type === serverMessage.pong).length === 2);
  assert.equal(paused.output(), "");
  paused.send(clientMessage.resume);
  await paused.until(() => paused.tail().endsWith("end\r\n"));
  assert.equal(paused.output(), other.output());
});

test("the program waits while everybody who is attached is paused", async (t) => {
  const { settings } = await startTestSession(t, { command: "read go; seq 1000000; echo end; cat" });
  const first = await attach(t, settings);
  await pause(first);
  first.input("go\n");
  await delay(300);
  const second = await attach(t, settings);
  await second.until(() => second.positions().length > 0);
  const head = second.positions()[0]?.head ?? Infinity;
  assert.ok(head < 500_000, `the program has printed ${head} bytes`);
  await second.until(() => second.tail().endsWith("end\r\n"));
});

test("a program that waits for a paused client runs on after a while", async (t) => {
  const { settings } = await startTestSession(t, { command: "seq 1000000; exit 3" }, { stall: 200 });
  const client = await attach(t, settings);
  await pause(client);
  await commandEnded(settings);
  client.send(clientMessage.resume);
  await client.until(() => client.messages.at(-1)?.type === serverMessage.exit);
  assert.match(client.tail(), /\n1000000\r\n/);
  assert.deepEqual(client.exit(), { exitCode: 3 });
});

test("of a flood a client that reads nothing holds a bounded part, and gets the end", async (t) => {
  const flood = 20_000_000;
  const runner = await startRunner(t, { command: `yes 0123456789 | head -c ${flood}; echo end` });
  const watcher = await attach(t, runner);
  const stuck = await attach(t, runner);
  await stuck.until(() => stuck.positions().length > 0);
  stuck.socket.pause();
  await watcher.until(() => watcher.messages.at(-1)?.type === serverMessage.exit);
  assert.ok(watcher.outputBytes().length > flood);
  stuck.socket.resume();
  await stuck.closed;
  // The ring, the watermark, and what the kernel holds for a socket.
  assert.ok(stuck.outputBytes().length < flood / 2, `${stuck.outputBytes().length} bytes`);
  assert.match(stuck.tail(), /end\r\n/);
  assert.deepEqual(stuck.exit(), { exitCode: 0 });
});

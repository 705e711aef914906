import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { clientMessage, serverMessage } from "@cliscale/protocol";
import { attach } from "./support/client.ts";
import { startRunner } from "./support/runner.ts";
import { startTestSession } from "./support/session.ts";

test("input that comes before the command runs is kept for it", async (t) => {
  const { settings } = await startTestSession(t, { command: "read line; echo got-$line" });
  const client = await attach(t, settings);
  client.input("early\n");
  await client.closed;
  assert.match(client.output(), /got-early/);
});

test("a program that does not read its input does not stop the terminal", async (t) => {
  const runner = await startRunner(t, { command: "stty raw -echo; echo ready; sleep 60" });
  const client = await attach(t, runner);
  await client.until(() => client.output().includes("ready"));
  for (let count = 0; count < 40; count++) client.input("x".repeat(64 * 1024));
  client.send(clientMessage.ping, "alive");
  await client.until(() => client.messages.some(({ type }) => type === serverMessage.pong));
});

test("a large paste reaches a program that reads slowly, byte for byte", async (t) => {
  const paste = randomBytes(500_000);
  const command = `stty raw -echo; echo ready; (head -c 100000; sleep 0.3; head -c 400000) | sha256sum`;
  const { settings } = await startTestSession(t, { command });
  const client = await attach(t, settings);
  await client.until(() => client.output().includes("ready"));
  for (let start = 0; start < paste.length; start += 60_000) {
    client.send(clientMessage.input, paste.subarray(start, start + 60_000));
  }
  await client.closed;
  assert.match(client.output(), new RegExp(createHash("sha256").update(paste).digest("hex")));
});

test("Ctrl-C reaches the program in the foreground", async (t) => {
  const { settings } = await startTestSession(t, {
    command: "trap 'echo interrupted; exit 5' INT; echo ready; sleep 60 & wait",
  });
  const client = await attach(t, settings);
  await client.until(() => client.output().includes("ready"));
  client.input("\u0003");
  await client.closed;
  assert.match(client.output(), /interrupted/);
  assert.deepEqual(client.exit(), { exitCode: 5 });
});

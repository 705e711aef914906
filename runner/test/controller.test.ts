import assert from "node:assert/strict";
import { test } from "node:test";
import { clientMessage } from "@cliscale/protocol";
import { attach, type TerminalClient } from "./support/client.ts";
import { startTestSession } from "./support/session.ts";

// Prints the size at each change of it; `trap` needs a `wait` that a signal interrupts.
const printSize = `trap 'echo size-$(stty size)' WINCH; echo size-$(stty size); while :; do sleep 60 & wait $!; done`;

const controls = (client: TerminalClient) => client.positions().at(-1)?.controller;

test("the command starts at the size of the first hello", async (t) => {
  const { settings } = await startTestSession(t, { command: "stty size" });
  const client = await attach(t, settings, { columns: 123, rows: 45 });
  await client.closed;
  assert.equal(client.output(), "45 123\r\n");
  const { columns, rows, controller } = client.positions()[0] ?? {};
  assert.deepEqual({ columns, rows, controller }, { columns: 123, rows: 45, controller: true });
});

test("one socket at a time controls the size: the first, then the last that typed, then who is left", async (t) => {
  const { settings } = await startTestSession(t, { command: printSize });
  const first = await attach(t, settings, { columns: 100, rows: 30 });
  await first.until(() => first.output().includes("size-30 100"));
  const second = await attach(t, settings, { columns: 70, rows: 20 });
  await second.until(() => second.positions().length > 0);
  assert.equal(controls(second), false);
  assert.equal(second.positions()[0]?.columns, 100);

  second.send(clientMessage.resize, '{"columns":71,"rows":21}');
  second.input("x");
  await first.until(() => first.output().includes("size-21 71"));
  assert.equal(controls(first), false);
  assert.equal(first.positions().at(-1)?.columns, 71);
  assert.equal(controls(second), true);
  assert.doesNotMatch(first.output(), /size-20 70/);

  second.socket.close();
  await first.until(() => first.output().includes("size-30 100\r\nsize-21 71\r\n") || controls(first) === true);
  await first.until(() => first.output().trimEnd().endsWith("size-30 100"));
  assert.equal(controls(first), true);
});

test("of a storm of sizes the program sees the last, and few others", async (t) => {
  const { settings } = await startTestSession(t, { command: printSize });
  const client = await attach(t, settings);
  await client.until(() => client.output().includes("size-24 80"));
  for (let columns = 101; columns <= 300; columns++) {
    client.send(clientMessage.resize, JSON.stringify({ columns, rows: 50 }));
  }
  await client.until(() => client.output().includes("size-50 300"));
  assert.ok(client.output().split("size-").length < 10, client.output());
});

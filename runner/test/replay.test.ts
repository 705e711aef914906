import assert from "node:assert/strict";
import { test } from "node:test";
import { clientMessage, serverMessage } from "@cliscale/protocol";
import { attach } from "./support/client.ts";
import { startTestSession } from "./support/session.ts";

const size = { columns: 80, rows: 24 };

test("a client that resumes gets exactly the bytes after those that it has drawn", async (t) => {
  const { settings } = await startTestSession(t, {
    command: "read a; echo first-$a; read b; printf 'zwölf-%s' $b; read c; exit 0",
  });
  const cut = await attach(t, settings);
  cut.input("one\n");
  await cut.until(() => cut.output().includes("first-one\r\n"));
  cut.socket.terminate();
  const drawn = cut.outputBytes();
  const epoch = cut.positions()[0]?.epoch ?? "";

  const resumed = await attach(t, settings, { ...size, resume: { epoch, offset: drawn.length } });
  resumed.input("two\n");
  await resumed.until(() => resumed.output().includes("zwölf-two"));
  const uncut = await attach(t, settings);
  uncut.input("end\n");
  await Promise.all([resumed.closed, uncut.closed]);
  assert.equal(resumed.positions()[0]?.offset, drawn.length);
  assert.equal(uncut.positions()[0]?.offset, 0);
  assert.deepEqual(Buffer.concat([drawn, resumed.outputBytes()]), uncut.outputBytes());
});

test("a position that names another epoch, or bytes that were never sent, begins anew", async (t) => {
  const { settings } = await startTestSession(t, { command: "echo hello; cat" });
  const first = await attach(t, settings);
  await first.until(() => first.output().includes("hello"));
  const epoch = first.positions()[0]?.epoch ?? "";
  for (const resume of [
    { epoch: "another", offset: 3 },
    { epoch, offset: 1_000_000 },
  ]) {
    const client = await attach(t, settings, { ...size, resume });
    await client.until(() => client.output().includes("hello"));
    assert.equal(client.positions()[0]?.offset, 0);
    assert.match(client.output(), /^hello\r\n/);
  }
});

test("of a long output a client that begins anew gets the screen, and then what follows", async (t) => {
  const { settings } = await startTestSession(t, {
    command: "seq -f '%010.0f ünïcödé \u001b[31mred\u001b[0m' 100000; echo end; read go; echo after; cat",
  });
  const watcher = await attach(t, settings);
  await watcher.until(() => watcher.tail().endsWith("end\r\n"));
  const late = await attach(t, settings);
  await late.until(() => late.tail().includes("end"));
  const [position] = late.positions();
  assert.equal(position?.snapshot, true);
  assert.equal(position?.offset, watcher.outputBytes().length);
  assert.equal(late.output().match(/\d{10} ünïcödé/g)?.length, 10_000 + 24 - 2);
  late.input("go\n");
  await late.until(() => late.tail().endsWith("after\r\n"));
  assert.match(late.tail(), /go\r\nafter\r\n$/);
});

test("a socket that the output has left behind gets the screen", async (t) => {
  const { settings } = await startTestSession(t, {
    command: "read go; seq -f '%010.0f padding padding padding' 150000; echo end; cat",
  });
  const watcher = await attach(t, settings);
  const slow = await attach(t, settings);
  await slow.until(() => slow.positions().length > 0);
  slow.send(clientMessage.pause);
  slow.send(clientMessage.ping, "paused");
  await slow.until(() => slow.messages.some(({ type }) => type === serverMessage.pong));
  watcher.input("go\n");
  await watcher.until(() => watcher.tail().endsWith("end\r\n"));
  slow.send(clientMessage.resume);
  await slow.until(() => slow.tail().includes("end"));
  const position = slow.positions().at(-1);
  assert.equal(position?.snapshot, true);
  assert.equal(position?.offset, watcher.outputBytes().length);
  assert.ok(slow.outputBytes().length < 1_000_000);
});

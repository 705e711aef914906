import assert from "node:assert/strict";
import { test } from "node:test";
import { clientMessage, closeCodes, encodeMessage, serverMessage } from "@cliscale/protocol";
import { clientMessageBytes } from "../src/terminal/clientMessages.ts";
import { attach } from "./support/client.ts";
import { startTestSession } from "./support/session.ts";

const resize = (text: string) => encodeMessage(clientMessage.resize, text);

test("a client that breaks the protocol is closed with 4400, and the session goes on", async (t) => {
  const { settings } = await startTestSession(t, { command: "cat" });
  const witness = await attach(t, settings);
  const afterHello: Record<string, Uint8Array | string> = {
    "a text message": "0text",
    "an empty message": new Uint8Array(),
    "an unknown type": encodeMessage(0x39),
    "a second hello": Buffer.from('{"columns":80,"rows":24}'),
    "a size of nothing": resize('{"columns":0,"rows":24}'),
    "a size beyond measure": resize('{"columns":1001,"rows":24}'),
    "a size in parts": resize('{"columns":80.5,"rows":24}'),
    "a size without rows": resize('{"columns":80}'),
    "a size that is no JSON": resize("{"),
    "a ping with a long nonce": encodeMessage(clientMessage.ping, "n".repeat(65)),
    "a message that is too long": encodeMessage(clientMessage.input, "x".repeat(clientMessageBytes)),
  };
  for (const [name, message] of Object.entries(afterHello)) {
    const client = await attach(t, settings);
    client.socket.send(message);
    assert.equal((await client.closed).code, closeCodes.malformed, name);
  }
  const hellos: Record<string, Uint8Array | string> = {
    "input before hello": encodeMessage(clientMessage.input, "x"),
    "a text hello": '{"columns":80,"rows":24}',
    "a hello without size": Buffer.from("{}"),
    "a hello that is no JSON": Buffer.from("{hello"),
    "a hello of null": Buffer.from('{"columns":null,"rows":24}'),
    "an offset below zero": Buffer.from('{"columns":80,"rows":24,"resume":{"epoch":"x","offset":-1}}'),
    "a resume without epoch": Buffer.from('{"columns":80,"rows":24,"resume":{"offset":1}}'),
  };
  for (const [name, hello] of Object.entries(hellos)) {
    const client = await attach(t, settings, null);
    client.socket.send(hello);
    assert.equal((await client.closed).code, closeCodes.malformed, name);
    assert.deepEqual(client.messages, [], name);
  }
  witness.input("still here\n");
  await witness.until(() => witness.output().includes("still here"));
});

test("a stock client's hello, with fields of its own, is taken", async (t) => {
  const { settings } = await startTestSession(t, { command: "echo hello; cat" });
  const client = await attach(t, settings, null);
  client.socket.send(Buffer.from('{"AuthToken":"","columns":80,"rows":24}'));
  await client.until(() => client.output().includes("hello"));
});

test("a ping is answered with its nonce, even while paused, and is no input", async (t) => {
  const { settings } = await startTestSession(t, { command: "cat" });
  const client = await attach(t, settings);
  const pongs = () => client.messages.filter(({ type }) => type === serverMessage.pong).map(({ payload }) => payload);
  client.send(clientMessage.ping, "n".repeat(64));
  client.send(clientMessage.pause);
  client.send(clientMessage.ping);
  await client.until(() => pongs().length === 2);
  assert.deepEqual(pongs(), [Buffer.from("n".repeat(64)), Buffer.alloc(0)]);
  client.send(clientMessage.resume);
  client.input("typed\n");
  await client.until(() => client.output().includes("typed"));
  assert.doesNotMatch(client.output(), /nnn/);
});

test("a socket that says no hello is closed", async (t) => {
  const { settings } = await startTestSession(t, { command: "cat" }, { hello: 50 });
  const client = await attach(t, settings, null);
  assert.equal((await client.closed).code, closeCodes.malformed);
});

test("a socket that misses a WebSocket ping is dropped, one that answers stays", async (t) => {
  const { settings } = await startTestSession(t, { command: "cat" }, { ping: 100 });
  const alive = await attach(t, settings);
  const silent = await attach(t, settings);
  silent.socket.pause();
  const pings: Buffer[] = [];
  alive.socket.on("ping", (data) => pings.push(data));
  while (pings.length < 3) await new Promise((resolve) => alive.socket.once("ping", resolve));
  silent.socket.resume();
  assert.equal((await silent.closed).code, 1006);
  assert.equal(alive.socket.readyState, alive.socket.OPEN);
});

test("a client that asks for answers and reads none is dropped before it fills the memory", async (t) => {
  const { settings } = await startTestSession(t, { command: "cat" }, {});
  const client = await attach(t, settings);
  client.socket.pause();
  const nonce = encodeMessage(clientMessage.ping, "n".repeat(64));
  const lost = new Promise<void>((resolve) => {
    const flood = () => {
      for (let count = 0; count < 1000; count++) client.socket.send(nonce);
      client.socket.send(nonce, (error) => (error ? resolve() : setImmediate(flood)));
    };
    flood();
  });
  await lost;
});

// What is found out when the network, the page or the machine is back.
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { clientMessage, serverMessage } from "@cliscale/protocol";
import { type Answer, result } from "./support/callableServer.ts";
import { session } from "./support/sessions.ts";
import { position, startTerminal } from "./support/terminal.ts";

const patient = { minimumMilliseconds: 60_000, maximumMilliseconds: 60_000 };
const times = { answerMilliseconds: 5000, pingMilliseconds: 60_000, pongMilliseconds: 300 };
const hanging: Answer = () => {};
type Tested = Awaited<ReturnType<typeof startTerminal>>;

async function attach(tested: Tested) {
  const peer = await tested.server.accept();
  const attached = tested.becomes("attached");
  peer.send(serverMessage.position, position(0));
  await attached;
  // The first ping of each connection.
  peer.send(serverMessage.pong, await peer.next(clientMessage.ping));
  return peer;
}

test("a connection that a wake finds dead is followed by the next attempt at once", async () => {
  await using tested = await startTerminal({}, { times, backoff: patient });
  await attach(tested);
  const reattaching = tested.becomes("reattaching");
  tested.terminal.wake();
  assert.deepEqual(await reattaching, { name: "reattaching", cause: { closeCode: 1006 } });
  await attach(tested);
});

test("a wake that finds the connection alive leaves no haste behind", async () => {
  await using tested = await startTerminal({}, { times, backoff: patient });
  const peer = await attach(tested);
  tested.terminal.wake();
  peer.send(serverMessage.pong, await peer.next(clientMessage.ping));
  await sleep(400);
  assert.equal(tested.terminal.state.name, "attached");
  const reattaching = tested.becomes("reattaching");
  peer.cut();
  assert.ok((await reattaching).nextTryAt);
});

test("what arrived before a sleep and is read after it does not pass for an answer", async () => {
  await using tested = await startTerminal({}, { times, backoff: patient });
  const peer = await attach(tested);
  const reattaching = tested.becomes("reattaching");
  tested.terminal.wake();
  peer.send(serverMessage.output, "old");
  peer.send(serverMessage.pong, "0");
  await reattaching;
  assert.equal(tested.screen.text, "old");
});

test("a machine that has slept, or whose clock was set, has its connection checked", async () => {
  for (const hours of [3, -3]) {
    await using tested = await startTerminal({}, { times, backoff: patient });
    await attach(tested);
    const now = Date.now.bind(Date);
    mock.method(Date, "now", () => now() + hours * 3_600_000);
    try {
      assert.deepEqual((await tested.becomes("reattaching")).cause, { closeCode: 1006 });
    } finally {
      mock.restoreAll();
    }
  }
});

test("a call that hangs on a network that is gone is made again on the one that is back", async () => {
  const answers: Answer[] = [hanging];
  await using tested = await startTerminal({ attachSession: answers }, { firstToken: "FIRST", backoff: patient });
  const first = await attach(tested);
  first.cut();
  await tested.becomes("reattaching");
  tested.terminal.wake();
  await sleep(3100);
  const calls = tested.callables.calls.length;
  answers.unshift((response, call) =>
    result({ session: session(), attach: tested.server.attach("SECOND") })(response, call),
  );
  tested.terminal.wake();
  const second = await tested.server.accept();
  assert.deepEqual(second.offered, ["tty", "bearer.SECOND"]);
  assert.equal(tested.callables.calls.length, calls + 1);
});

test("a page that was too busy to read the answer asks again before it gives the connection up", async () => {
  const trips: number[] = [];
  const options = { times, backoff: patient, onRoundTrip: (milliseconds: number) => trips.push(milliseconds) };
  await using tested = await startTerminal({}, options);
  const peer = await attach(tested);
  while (trips.length === 0) await sleep(5);
  tested.terminal.wake();
  await peer.next(clientMessage.ping);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
  peer.send(serverMessage.pong, await peer.next(clientMessage.ping));
  await sleep(400);
  assert.deepEqual(tested.states, [{ name: "attached", controller: true }]);
});

test("the round trip is told for each connection, and not for a pong that was read too late", async () => {
  const trips: number[] = [];
  const options = { times, backoff: patient, onRoundTrip: (milliseconds: number) => trips.push(milliseconds) };
  await using tested = await startTerminal({}, options);
  const first = await attach(tested);
  while (trips.length === 0) await sleep(5);
  first.cut();
  await tested.becomes("reattaching");
  tested.terminal.wake();
  const second = await attach(tested);
  while (trips.length === 1) await sleep(5);
  tested.terminal.wake();
  const nonce = await second.next(clientMessage.ping);
  // The page sleeps: the pong has come, and nobody reads it.
  second.send(serverMessage.pong, nonce);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
  await sleep(50);
  assert.equal(trips.length, 2);
});

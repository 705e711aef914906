// An attach keeps a session alive, so a hidden terminal that nobody uses must not attach by itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { clientMessage, closeCodes, serverMessage } from "@cliscale/protocol";
import { position, startTerminal } from "./support/terminal.ts";

type Tested = Awaited<ReturnType<typeof startTerminal>>;

async function attach(tested: Tested) {
  const peer = await tested.server.accept();
  const attached = tested.becomes("attached");
  peer.send(serverMessage.position, position(0));
  await attached;
  return peer;
}

/** Whatever the reason is that the connection ended for. */
const closings = [closeCodes.draining, closeCodes.unavailable, closeCodes.tooMany];

for (const code of closings) {
  test(`hidden for longer than the grace, it attaches again when it is shown, and then at once (${code})`, async () => {
    await using tested = await startTerminal({}, { graceMilliseconds: 0 });
    const first = await attach(tested);
    tested.terminal.setHidden(true);
    await sleep(10);
    const waiting = tested.becomes("reattaching");
    first.close(code);
    assert.deepEqual(await waiting, { name: "reattaching", cause: { closeCode: code }, whenShown: true });
    const calls = tested.callables.calls.length;
    // The network's return is no reason to attach, however often it comes.
    tested.terminal.wake();
    await sleep(150);
    assert.equal(tested.callables.calls.length, calls);
    tested.terminal.setHidden(false);
    await attach(tested);
  });
}

test("a hidden terminal that was used a moment ago attaches again by itself", async () => {
  await using tested = await startTerminal({}, { graceMilliseconds: 60_000 });
  const first = await attach(tested);
  tested.terminal.setHidden(true);
  first.cut();
  await attach(tested);
});

test("a terminal that is hidden while it waits does not attach when its time has come", async () => {
  const backoff = { minimumMilliseconds: 100, maximumMilliseconds: 100 };
  await using tested = await startTerminal({}, { graceMilliseconds: 0, backoff });
  const first = await attach(tested);
  const waiting = tested.becomes("reattaching");
  first.cut();
  assert.ok((await waiting).nextTryAt);
  tested.terminal.setHidden(true);
  assert.equal((await tested.becomes("reattaching")).whenShown, true);
});

test("a hidden terminal that is attached stays so, and sends nothing but pings", async () => {
  const times = { answerMilliseconds: 5000, pingMilliseconds: 20, pongMilliseconds: 5000 };
  await using tested = await startTerminal({}, { graceMilliseconds: 0, times });
  const peer = await attach(tested);
  tested.terminal.setHidden(true);
  for (let count = 0; count < 3; count++) peer.send(serverMessage.pong, await peer.next(clientMessage.ping));
  assert.equal(tested.terminal.state.name, "attached");
  assert.equal(tested.callables.calls.length, 1);
});

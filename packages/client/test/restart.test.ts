// A gateway that restarts (1012) is left for another one, and nobody notices.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { clientMessage, closeCodes, serverMessage } from "@cliscale/protocol";
import { error, result } from "./support/callableServer.ts";
import { session } from "./support/sessions.ts";
import { position, startTerminal } from "./support/terminal.ts";

const patient = { minimumMilliseconds: 60_000, maximumMilliseconds: 60_000 };
type Tested = Awaited<ReturnType<typeof startTerminal>>;

/** Attaches; the gateway then says that it restarts. */
async function drained(tested: Tested) {
  const attached = tested.becomes("attached");
  const first = await tested.server.accept();
  first.send(serverMessage.position, position(0));
  await attached;
  assert.equal(tested.terminal.input("before "), true);
  assert.equal(await first.next(clientMessage.input), "before ");
  first.close(closeCodes.draining);
  await first.closed;
  // The client's side hears of it in another turn.
  await sleep(20);
}

test("what is typed meanwhile is sent once, in order, behind the next hello; the state does not change", async () => {
  await using tested = await startTerminal({}, { backoff: patient });
  await drained(tested);
  assert.equal(tested.terminal.input("one "), true);
  const second = await tested.server.accept();
  assert.equal(tested.terminal.input("two "), true);
  second.send(serverMessage.position, position(0));
  assert.equal(await second.next(clientMessage.input), "one ");
  assert.equal(await second.next(clientMessage.input), "two ");
  tested.terminal.input("three");
  assert.equal(await second.next(clientMessage.input), "three");
  assert.deepEqual(tested.states, [{ name: "attached", controller: true }]);
});

test("what is typed is dropped after 2 s, and never comes later; the state says so until something else is typed", async () => {
  await using tested = await startTerminal({}, { backoff: patient });
  const reattaching = tested.becomes("reattaching");
  await drained(tested);
  tested.terminal.input("lost");
  const second = await tested.server.accept();
  assert.deepEqual(await reattaching, {
    name: "reattaching",
    cause: { closeCode: closeCodes.draining },
    inputLost: true,
  });
  assert.equal(tested.terminal.input("not taken"), false);
  const attached = tested.becomes("attached");
  second.send(serverMessage.position, position(0));
  assert.deepEqual(await attached, { name: "attached", controller: true, inputLost: true });
  tested.terminal.input("seen");
  assert.equal(await second.next(clientMessage.input), "seen");
  const again = tested.becomes("attached");
  second.send(serverMessage.output, "x");
  assert.deepEqual(await again, { name: "attached", controller: true });
});

test("what is typed is dropped at once where the next attempt fails, and when the session has ended", async () => {
  for (const [answer, state] of [
    [error(503, { status: "UNAVAILABLE", message: "No database." }), "reattaching"],
    [error(400, { status: "FAILED_PRECONDITION", message: "The session has ended." }), "ended"],
  ] as const) {
    const getSession = [result({ session: session({ state: "ended", endReason: "stopped" }) })];
    const scripts = { attachSession: [answer], getSession };
    await using tested = await startTerminal(scripts, { firstToken: "FIRST", backoff: patient });
    const next = tested.becomes(state);
    await drained(tested);
    assert.equal((await next).name, state);
    assert.equal(tested.terminal.input("x"), false);
  }
});

test("more than a person types meanwhile is refused, and told", async () => {
  await using tested = await startTerminal({}, { backoff: patient });
  await drained(tested);
  assert.equal(tested.terminal.input("x".repeat(5000)), false);
  assert.equal(tested.terminal.input("y"), true);
  const second = await tested.server.accept();
  const attached = tested.becomes("attached");
  second.send(serverMessage.position, position(0));
  assert.equal((await attached).inputLost, true);
  assert.equal(await second.next(clientMessage.input), "y");
});

test("queries that are drawn meanwhile are not answered: the server answers for who has left", async () => {
  await using tested = await startTerminal({}, { backoff: patient });
  await drained(tested);
  assert.equal(tested.terminal.answersQueries, false);
  const second = await tested.server.accept();
  second.send(serverMessage.position, position(0));
  second.send(serverMessage.output, "x");
  while (!tested.terminal.answersQueries) await sleep(5);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { WebSocketConstructor } from "@cliscale/client";
import { closeCodes, serverMessage } from "@cliscale/protocol";
import { error, result } from "./support/callableServer.ts";
import { session } from "./support/sessions.ts";
import { position, startTerminal } from "./support/terminal.ts";

const RefusingWebSocket = function refuse() {
  throw new SyntaxError("no such address");
} as unknown as WebSocketConstructor;

const patient = { minimumMilliseconds: 60_000, maximumMilliseconds: 60_000 };

test("each attempt has a fresh token and resumes where the last one was cut", async () => {
  await using tested = await startTerminal();
  const first = await tested.server.accept();
  first.send(serverMessage.position, position(0));
  first.send(serverMessage.output, "hello ");
  await tested.becomes("attached");
  const reattaching = tested.becomes("reattaching");
  first.close(closeCodes.unavailable);
  const { cause, nextTryAt } = await reattaching;
  assert.deepEqual(cause, { closeCode: closeCodes.unavailable });
  assert.ok(nextTryAt !== undefined && nextTryAt <= Date.now() + 60);

  const second = await tested.server.accept();
  assert.deepEqual(second.offered, ["tty", "bearer.TOKEN2"]);
  assert.deepEqual(second.hello.resume, { epoch: "E1", offset: 6 });
  second.send(serverMessage.position, position(6));
  second.send(serverMessage.output, "world");
  second.send(serverMessage.exit, { exitCode: 0 });
  second.close(closeCodes.ended);
  await tested.becomes("ended");
  assert.equal(tested.screen.text, "hello world");
  assert.equal(tested.screen.log.filter((entry) => entry === "reset").length, 1);
});

for (const [what, fields, offset] of [
  ["another epoch", { epoch: "E2" }, 6],
  ["another offset", {}, 4],
  ["a snapshot", { snapshot: true }, 6],
] as const) {
  test(`${what} than what is drawn clears the screen first, at the size that is told`, async () => {
    await using tested = await startTerminal();
    const first = await tested.server.accept();
    first.send(serverMessage.position, position(0));
    first.send(serverMessage.output, "hello ");
    await tested.becomes("attached");
    first.cut();
    const second = await tested.server.accept();
    const attached = tested.becomes("attached");
    second.send(serverMessage.position, position(offset, { ...fields, columns: 40 }));
    second.send(serverMessage.output, "again");
    await attached;
    second.cut();
    const third = await tested.server.accept();
    assert.deepEqual(tested.screen.log.slice(2), ["hello ", "reset", { columns: 40, rows: 24 }, "again"]);
    // The bytes of a snapshot do not count.
    const drawn = "snapshot" in fields ? offset : offset + 5;
    const epoch = "epoch" in fields ? fields.epoch : "E1";
    assert.deepEqual(third.hello.resume, { epoch, offset: drawn });
  });
}

test("what has arrived and is not drawn yet is not asked for again", async () => {
  await using tested = await startTerminal();
  const first = await tested.server.accept();
  first.send(serverMessage.position, position(0));
  await tested.becomes("attached");
  tested.screen.hold(true);
  first.send(serverMessage.output, "hello ");
  first.close(closeCodes.unavailable);
  const second = await tested.server.accept();
  assert.equal(second.hello.resume?.offset, 6);
  second.send(serverMessage.position, position(6));
  second.send(serverMessage.output, "world");
  second.send(serverMessage.exit, { exitCode: 0 });
  second.close(closeCodes.ended);
  await tested.becomes("ended");
  tested.screen.hold(false);
  await tested.screen.drawn();
  assert.equal(tested.screen.text, "hello world");
});

test("a snapshot that was cut off before it came is not resumed from", async () => {
  await using tested = await startTerminal();
  const first = await tested.server.accept();
  first.send(serverMessage.position, position(500, { snapshot: true }));
  await tested.becomes("attached");
  first.cut();
  const second = await tested.server.accept();
  assert.equal(second.hello.resume, undefined);
});

test("1012 is followed at once, a second one in a row after a pause", async () => {
  await using tested = await startTerminal({}, { backoff: patient });
  const first = await tested.server.accept();
  first.send(serverMessage.position, position(0));
  first.close(closeCodes.draining);
  const second = await tested.server.accept();
  const reattaching = tested.becomes("reattaching");
  second.close(closeCodes.draining);
  const { nextTryAt } = await reattaching;
  assert.ok(nextTryAt! > Date.now() + 50_000);
});

test("when the network is back a waiting reattach is tried at once", async () => {
  await using tested = await startTerminal({}, { backoff: patient });
  const first = await tested.server.accept();
  first.send(serverMessage.position, position(0));
  first.cut();
  await tested.becomes("reattaching");
  tested.terminal.wake();
  const second = await tested.server.accept();
  const attached = tested.becomes("attached");
  second.send(serverMessage.position, position(0));
  await attached;
});

test("when the page is back a dead connection is found out", async () => {
  const times = { answerMilliseconds: 5000, pingMilliseconds: 60_000, pongMilliseconds: 100 };
  await using tested = await startTerminal({}, { times });
  const peer = await tested.server.accept();
  peer.send(serverMessage.position, position(0));
  await tested.becomes("attached");
  tested.terminal.wake();
  assert.deepEqual((await tested.becomes("reattaching")).cause, { closeCode: 1006 });
});

test("a call that fails for now is repeated, as late as the answer asks for", async () => {
  const limited = { status: "RESOURCE_EXHAUSTED", message: "Too many.", details: { retryAfterSeconds: 40 } };
  await using tested = await startTerminal({
    attachSession: [error(503, { status: "UNAVAILABLE", message: "No database." }), error(429, limited)],
  });
  const first = await tested.becomes("reattaching");
  assert.ok("error" in first.cause && first.cause.error.code === "unavailable");
  const again = await tested.becomes("reattaching");
  assert.equal(again.nextTryAt, undefined);
  const limitedState = await tested.becomes("reattaching");
  assert.ok(limitedState.nextTryAt! > Date.now() + 35_000);
});

test("malformed messages of the server end the connection, not the client", async () => {
  await using tested = await startTerminal();
  for (const message of ["{", "[]", '{"epoch":1}', '{"epoch":"E","offset":-1,"head":0,"columns":80,"rows":24}']) {
    const peer = await tested.server.accept();
    const reattaching = tested.becomes("reattaching");
    peer.send(serverMessage.position, message);
    assert.deepEqual((await reattaching).cause, { closeCode: closeCodes.malformed });
  }
  const peer = await tested.server.accept();
  const reattaching = tested.becomes("reattaching");
  peer.send(serverMessage.position, position(0, { columns: 1e9 }));
  assert.deepEqual((await reattaching).cause, { closeCode: closeCodes.malformed });
});

test("a session that turns out to have ended ends the terminal with its reason", async () => {
  const ended = session({ state: "ended", endReason: "idle" });
  await using tested = await startTerminal({
    attachSession: [error(400, { status: "FAILED_PRECONDITION", message: "The session has ended." })],
    getSession: [result({ session: ended })],
  });
  assert.deepEqual((await tested.becomes("ended")).session, ended);
});

test("an address that no socket can be opened to is tried again, with what went wrong", async () => {
  await using tested = await startTerminal({}, { WebSocket: RefusingWebSocket });
  const { cause } = await tested.becomes("reattaching");
  assert.ok("error" in cause && cause.error.message.includes("no such address"));
});

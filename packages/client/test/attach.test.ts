import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { clientMessage, closeCodes, serverMessage } from "@cliscale/protocol";
import { WebSocket } from "ws";
import { position, startTerminal } from "./support/terminal.ts";

test("a terminal offers the token as a subprotocol, says hello, draws, types and resizes", async () => {
  await using tested = await startTerminal();
  const attached = tested.becomes("attached");
  assert.equal(tested.terminal.input("nobody reads this"), false);
  const peer = await tested.server.accept();
  assert.deepEqual(peer.offered, ["tty", "bearer.TOKEN1"]);
  assert.deepEqual(peer.hello, { columns: 80, rows: 24 });
  peer.send(serverMessage.position, position(0));
  assert.deepEqual(await attached, { name: "attached", controller: true });

  assert.equal(tested.terminal.input("ls\n"), true);
  assert.equal(await peer.next(clientMessage.input), "ls\n");
  tested.terminal.resize({ columns: 100, rows: 30 });
  assert.deepEqual(JSON.parse(await peer.next(clientMessage.resize)), { columns: 100, rows: 30 });
  peer.send(serverMessage.output, "a file");
  peer.send(serverMessage.position, position(6, { columns: 100, rows: 30 }));
  peer.send(serverMessage.output, "!");
  peer.send(serverMessage.exit, { exitCode: 143, signal: "SIGTERM" });
  peer.close(closeCodes.ended);
  assert.deepEqual(await tested.becomes("ended"), { name: "ended", exit: { exitCode: 143, signal: "SIGTERM" } });
  // A new size takes effect where the server says so, between two bytes of output.
  assert.deepEqual(tested.screen.log, ["reset", { columns: 80, rows: 24 }, "a file", { columns: 100, rows: 30 }, "!"]);
});

test("the attach of the start is used first, with a WebSocket of one's own, and a large paste goes out in pieces", async () => {
  await using tested = await startTerminal({}, { WebSocket, firstToken: "FIRST" });
  const attached = tested.becomes("attached");
  const peer = await tested.server.accept();
  assert.deepEqual(peer.offered, ["tty", "bearer.FIRST"]);
  assert.equal(tested.callables.calls.length, 0);
  peer.send(serverMessage.position, position(0));
  await attached;
  tested.terminal.input("x".repeat(40_000));
  const pieces = [];
  for (let piece = 0; piece < 3; piece++) pieces.push(await peer.next(clientMessage.input));
  assert.deepEqual(
    pieces.map(({ length }) => length),
    [16_384, 16_384, 7232],
  );
});

test("titles are plain text of a bounded length", async () => {
  const titles: string[] = [];
  await using tested = await startTerminal({}, { onTitle: (title) => titles.push(title) });
  const peer = await tested.server.accept();
  peer.send(serverMessage.title, "bash\u001b]0;x\u0007 \u202e<b>host</b>");
  await tested.becomes("attached");
  peer.send(serverMessage.title, "x".repeat(10_000));
  peer.send(serverMessage.exit, { exitCode: 0 });
  peer.close(closeCodes.ended);
  await tested.becomes("ended");
  assert.deepEqual(titles, ["bash]0;x <b>host</b>", "x".repeat(200)]);
});

test("round trips are measured, and a server that answers no ping is left", async () => {
  const trips: number[] = [];
  const times = { answerMilliseconds: 5000, pingMilliseconds: 30, pongMilliseconds: 150 };
  await using tested = await startTerminal({}, { times, onRoundTrip: (milliseconds) => trips.push(milliseconds) });
  const peer = await tested.server.accept();
  const reattaching = tested.becomes("reattaching");
  peer.send(serverMessage.position, position(0));
  peer.send(serverMessage.pong, await peer.next(clientMessage.ping));
  peer.send(serverMessage.pong, await peer.next(clientMessage.ping));
  await peer.next(clientMessage.ping);
  assert.deepEqual((await reattaching).cause, { closeCode: 1006 });
  assert.equal(trips.length, 2);
  assert.ok(trips.every((milliseconds) => milliseconds > 0 && milliseconds < 1000));
});

test("a server that accepts and says nothing is left", async () => {
  const times = { answerMilliseconds: 100, pingMilliseconds: 5000, pongMilliseconds: 5000 };
  await using tested = await startTerminal({}, { times });
  assert.deepEqual((await tested.becomes("reattaching")).cause, { closeCode: 1006 });
  await tested.server.accept();
  const second = await tested.server.accept();
  assert.deepEqual(second.offered, ["tty", "bearer.TOKEN2"]);
});

test("what is undrawn stays bounded: the server is asked to pause, and to go on once most is drawn", async () => {
  await using tested = await startTerminal();
  const peer = await tested.server.accept();
  peer.send(serverMessage.position, position(0));
  await tested.becomes("attached");
  tested.screen.hold(true);
  const block = "x".repeat(64 * 1024);
  for (let sent = 0; sent < 8; sent++) peer.send(serverMessage.output, block);
  await peer.next(clientMessage.pause);
  tested.screen.hold(false);
  await peer.next(clientMessage.resume);
  assert.ok(tested.screen.text.length >= 384 * 1024);
});

test("a stock ttyd, which tells no positions and knows no pings, is drawn and kept all the same", async () => {
  const times = { answerMilliseconds: 5000, pingMilliseconds: 10, pongMilliseconds: 10 };
  await using tested = await startTerminal({}, { times });
  const first = await tested.server.accept();
  assert.deepEqual(first.hello, { columns: 80, rows: 24 });
  first.send(serverMessage.title, "bash");
  assert.deepEqual(await tested.becomes("attached"), { name: "attached", controller: true });
  tested.terminal.resize({ columns: 90, rows: 20 });
  assert.deepEqual(JSON.parse(await first.next(clientMessage.resize)), { columns: 90, rows: 20 });
  first.send(serverMessage.preferences, "{}");
  first.send(serverMessage.output, "old shell");
  // Many times what would make a silent server of ours a dead one.
  await sleep(200);
  assert.deepEqual(tested.screen.log, [{ columns: 90, rows: 20 }, "old shell"]);
  assert.equal(tested.terminal.answersQueries, true);
  const reattaching = tested.becomes("reattaching");
  first.close(closeCodes.unavailable);
  assert.deepEqual((await reattaching).cause, { closeCode: closeCodes.unavailable });

  // Another connection is another process there, so its screen begins anew.
  const second = await tested.server.accept();
  assert.deepEqual(second.hello, { columns: 90, rows: 20 });
  second.send(serverMessage.output, "new shell");
  second.send(serverMessage.exit, { exitCode: 0 });
  second.close(closeCodes.ended);
  await tested.becomes("ended");
  assert.deepEqual(tested.screen.log.slice(2), ["reset", "new shell"]);
});

test("a closed terminal detaches and reports nothing more", async () => {
  await using tested = await startTerminal();
  const peer = await tested.server.accept();
  peer.send(serverMessage.position, position(0));
  await tested.becomes("attached");
  tested.terminal.close();
  await peer.closed;
  assert.equal(tested.states.length, 1);
  assert.equal(tested.terminal.input("x"), false);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { closeCodes, serverMessage } from "@cliscale/protocol";
import { error, result } from "./support/callableServer.ts";
import { session } from "./support/sessions.ts";
import { position, startTerminal } from "./support/terminal.ts";

test("4404 asks the session for its reason, until the row has it", async () => {
  const stopped = session({ state: "ended", endReason: "stopped" });
  await using tested = await startTerminal({
    getSession: [result({ session: session() }), result({ session: stopped })],
  });
  const peer = await tested.server.accept();
  peer.send(serverMessage.position, position(0));
  peer.close(closeCodes.gone);
  assert.deepEqual(await tested.becomes("ended"), { name: "ended", closeCode: closeCodes.gone, session: stopped });
  assert.equal(tested.callables.calls.length, 3);
});

test("an end without an exit message, as of a stock ttyd, asks the session for the exit code", async () => {
  const exited = session({ state: "ended", endReason: "exited", exitCode: 7 });
  await using tested = await startTerminal({ getSession: [result({ session: exited })] });
  const peer = await tested.server.accept();
  peer.send(serverMessage.title, "bash");
  peer.close(closeCodes.ended);
  assert.deepEqual((await tested.becomes("ended")).session, exited);
});

test("a session that is not there, or not one's own, ends with that error", async () => {
  await using tested = await startTerminal({
    attachSession: [error(404, { status: "NOT_FOUND", message: "There is no such session." })],
  });
  const ended = await tested.becomes("ended");
  assert.equal(ended.error?.code, "not-found");
  assert.equal(tested.states.length, 1);
});

test("4403 is not tried again", async () => {
  await using tested = await startTerminal();
  tested.server.refuseWith(closeCodes.forbidden);
  assert.deepEqual(await tested.becomes("ended"), { name: "ended", closeCode: closeCodes.forbidden });
  assert.equal(tested.callables.calls.length, 1);
});

test("what refuses for a while is tried again: used token, too many, unreachable", async () => {
  await using tested = await startTerminal();
  for (const code of [closeCodes.tokenUsed, closeCodes.tooMany, closeCodes.unauthenticated, closeCodes.unavailable]) {
    tested.server.refuseWith(code);
    let cause;
    do ({ cause } = await tested.becomes("reattaching"));
    while (!("closeCode" in cause && cause.closeCode === code));
  }
  tested.server.refuseWith(undefined);
  const peer = await tested.server.accept();
  const attached = tested.becomes("attached");
  peer.send(serverMessage.position, position(0));
  await attached;
});

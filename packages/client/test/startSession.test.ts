import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient, startSession, waitForAttach } from "@cliscale/client";
import { broken, error, result, startCallables, stream } from "./support/callableServer.ts";
import { session, sessionId, stage } from "./support/sessions.ts";

const idToken = () => Promise.resolve("ID_TOKEN");
const input = { bundle: { source: "template:shell" } };
const attach = { url: "ws://127.0.0.1:1/ws/x", token: "TOKEN", expiresAt: "2026-11-23T10:01:00Z" };
const starting = { session: session({ state: "starting" }) };
const chunks = (...names: string[]) => names.map((name) => ({ message: stage(name) }));
const place = (position: number) => ({ message: stage("queued", { position }) });
const ready = { session: session(), attach };

test("a start goes on with attachSession until the session can be attached", async () => {
  await using callables = await startCallables({
    createSession: [result(starting)],
    attachSession: [result(starting), result(ready)],
  });
  const client = createClient({ functionsUrl: callables.functionsUrl, idToken });
  assert.deepEqual(await startSession(client, input), ready);
  assert.deepEqual(
    callables.calls.map(({ name }) => name),
    ["createSession", "attachSession", "attachSession"],
  );
});

test("a start whose answer got lost is repeated under the same requestId", async () => {
  await using callables = await startCallables({ createSession: [broken, result(ready)] });
  const client = createClient({ functionsUrl: callables.functionsUrl, idToken });
  assert.deepEqual(await startSession(client, input), ready);
  const ids = callables.calls.map(({ data }) => data["requestId"]);
  assert.equal(ids.length, 2);
  assert.equal(ids[0], ids[1]);
});

test("a start that is refused is not repeated", async () => {
  const refusal = { status: "PERMISSION_DENIED", message: "Ask for it." };
  await using callables = await startCallables({ createSession: [error(403, refusal)] });
  const client = createClient({ functionsUrl: callables.functionsUrl, idToken });
  await assert.rejects(startSession(client, input), { code: "permission-denied" });
  assert.equal(callables.calls.length, 1);
});

test("each stage is told once, though every stream begins with the first, and again when it has news", async () => {
  const waiting = { message: stage("pulling", { message: "No node fits yet." }) };
  await using callables = await startCallables({
    createSession: [
      stream(place(2), place(1), place(1), ...chunks("scheduling", "pulling"), waiting, { result: starting }),
    ],
    attachSession: [
      stream(...chunks("queued", "scheduling", "pulling"), waiting, ...chunks("starting", "ready"), { result: ready }),
    ],
  });
  const client = createClient({ functionsUrl: callables.functionsUrl, idToken });
  const told: unknown[] = [];
  await startSession(client, input, {
    onStage: ({ stage: name, position, message }) => told.push(position ?? message ?? name),
  });
  assert.deepEqual(told, [2, 1, "scheduling", "pulling", "No node fits yet.", "starting", "ready"]);
});

test("a session that ends while it is waited for is an answer without attach", async () => {
  const ended = { session: session({ state: "ended", endReason: "failed", message: "The bundle is not there." }) };
  await using callables = await startCallables({
    attachSession: [error(400, { status: "FAILED_PRECONDITION", message: "The session has ended." })],
    getSession: [result(ended)],
  });
  const client = createClient({ functionsUrl: callables.functionsUrl, idToken });
  assert.deepEqual(await waitForAttach(client, sessionId), ended);
});

test("a wait can be given up", async () => {
  const giveUp = new AbortController();
  await using callables = await startCallables({
    attachSession: [
      (response, call) => {
        result(starting)(response, call);
        giveUp.abort(new Error("enough"));
      },
    ],
  });
  const client = createClient({ functionsUrl: callables.functionsUrl, idToken });
  await assert.rejects(waitForAttach(client, sessionId, { signal: giveUp.signal }), { message: "enough" });
});

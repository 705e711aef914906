import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CallError, createClient, eachSession } from "@cliscale/client";
import { call } from "../src/calls/callable.ts";
import { type Answer, broken, error, result, startCallables, stream } from "./support/callableServer.ts";
import { session, sessionId, stage } from "./support/sessions.ts";

const idToken = () => Promise.resolve("ID_TOKEN");

const page =
  (httpStatus: number): Answer =>
  (response) => {
    response.writeHead(httpStatus, { "content-type": "text/html" }).end("<h1>Error</h1>");
  };

const silent: Answer = () => {};

const beating: Answer = (response) => {
  const beats = setInterval(() => response.write(": ping\n"), 40);
  setTimeout(() => {
    clearInterval(beats);
    response.end(`data: {"result":"late"}\n\n`);
  }, 400);
};

test("a call carries the ID token and its data, and returns the result", async () => {
  await using callables = await startCallables({ getSession: [result({ session: session() })] });
  const client = createClient({ functionsUrl: callables.functionsUrl, idToken });
  assert.deepEqual(await client.getSession(sessionId), { session: session() });
  assert.deepEqual(callables.calls, [
    { name: "getSession", data: { sessionId }, authorization: "Bearer ID_TOKEN", accept: "application/json" },
  ]);
});

test("createSession makes up a requestId, a new one each time, and keeps one that is given", async () => {
  await using callables = await startCallables({ createSession: [result({ session: session() })] });
  const client = createClient({ functionsUrl: callables.functionsUrl, idToken });
  const input = { bundle: { source: "template:shell" } };
  await client.createSession(input);
  await client.createSession(input);
  await client.createSession({ ...input, requestId: sessionId });
  const ids = callables.calls.map(({ data }) => data["requestId"] as string);
  assert.match(ids[0]!, /^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  assert.notEqual(ids[0], ids[1]);
  assert.equal(ids[2], sessionId);
});

test("a session is extended by its id and a lifetime", async () => {
  await using callables = await startCallables({ extendSession: [result({ session: session() })] });
  const client = createClient({ functionsUrl: callables.functionsUrl, idToken });
  assert.deepEqual(await client.extendSession(sessionId, 7200), { session: session() });
  assert.deepEqual(callables.calls[0]?.data, { sessionId, lifetimeSeconds: 7200 });
});

test("sessions are gone through page by page, no page before it is wanted", async () => {
  const [one, two, three] = ["one", "two", "three"].map((id) => session({ id }));
  await using callables = await startCallables({
    listSessions: [
      result({ sessions: [one, two], nextPageToken: "second" }),
      result({ sessions: [], nextPageToken: "third" }),
      result({ sessions: [three] }),
    ],
  });
  const client = createClient({ functionsUrl: callables.functionsUrl, idToken });
  const told: [id: string, calls: number][] = [];
  for await (const { id } of eachSession(client, { state: "ready", pageSize: 2 }))
    told.push([id, callables.calls.length]);
  assert.deepEqual(told, [
    ["one", 1],
    ["two", 1],
    ["three", 3],
  ]);
  const filter = { state: "ready", pageSize: 2 };
  assert.deepEqual(
    callables.calls.map(({ data }) => data),
    [filter, { ...filter, pageToken: "second" }, { ...filter, pageToken: "third" }],
  );
});

test("a refusal becomes a CallError with code, message and details", async () => {
  const violations = [{ field: "command", message: "must not be empty" }];
  await using callables = await startCallables({
    createSession: [
      error(400, { status: "INVALID_ARGUMENT", message: "Some fields are not valid.", details: { violations } }),
    ],
    stopSession: [error(500, { status: "SOMETHING_NEW", message: "?" })],
    getSession: [error(403, { status: "PERMISSION_DENIED", message: "No." })],
  });
  const client = createClient({ functionsUrl: callables.functionsUrl, idToken });
  await assert.rejects(client.createSession({ bundle: { source: "x" } }), {
    name: "CallError",
    code: "invalid-argument",
    message: "Some fields are not valid.",
    details: { violations },
  });
  await assert.rejects(client.stopSession(sessionId), { code: "internal", message: "?" });
  await assert.rejects(client.getSession(sessionId), { code: "permission-denied", details: {} });
});

test("what is no callable's answer is told apart: out of service, or the wrong address", async () => {
  await using callables = await startCallables({ getSession: [page(503)], attachSession: [page(502)] });
  const client = createClient({ functionsUrl: callables.functionsUrl, idToken });
  await assert.rejects(client.getSession(sessionId), { code: "unavailable" });
  await assert.rejects(client.attachSession(sessionId, { onStage() {} }), { code: "unavailable" });
  await assert.rejects(client.stopSession(sessionId), { code: "internal", message: /address of the functions/ });
});

test("a broken connection, a closed port and a missing ID token are unavailable", async () => {
  await using callables = await startCallables({ getSession: [broken] });
  const client = createClient({ functionsUrl: callables.functionsUrl, idToken });
  await assert.rejects(client.getSession(sessionId), { code: "unavailable", message: /cannot be reached/ });

  const noToken = createClient({
    functionsUrl: callables.functionsUrl,
    idToken: () => Promise.reject(new Error("net")),
  });
  await assert.rejects(noToken.getSession(sessionId), { code: "unavailable", message: /sign-in/ });

  const refused = new CallError("unauthenticated", "Sign in again.");
  const signedOut = createClient({ functionsUrl: callables.functionsUrl, idToken: () => Promise.reject(refused) });
  await assert.rejects(signedOut.getSession(sessionId), refused);
});

test("a stream tells its chunks as they come, however the bytes are cut, and ends with the result", async () => {
  const events = [{ message: stage("queued") }, { message: stage("ready", { message: "bün\ndle" }) }, { result: 7 }];
  const bytes = Buffer.from(
    `: ping\r\n\r\n${events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(": ping\n")}`,
  );
  const byteByByte: Answer = (response) => {
    void (async () => {
      for (const byte of bytes) {
        response.write(Buffer.of(byte));
        await sleep(0);
      }
      response.end();
    })();
  };
  await using callables = await startCallables({ attachSession: [byteByByte] });
  const client = createClient({ functionsUrl: callables.functionsUrl, idToken });
  const told: unknown[] = [];
  assert.equal(await client.attachSession(sessionId, { onStage: (event) => told.push(event) }), 7);
  assert.deepEqual(told, [events[0]?.message, events[1]?.message]);
  assert.equal(callables.calls[0]?.accept, "text/event-stream");
});

test("a stream may end with an error, or be refused before it begins, or break off", async () => {
  const refusal = {
    status: "RESOURCE_EXHAUSTED",
    message: "Too many.",
    details: { limit: "CLISCALE_SESSIONS_PER_USER" },
  };
  await using callables = await startCallables({
    createSession: [stream({ message: stage("queued") }, { error: refusal }), error(429, refusal)],
    attachSession: [stream({ message: stage("queued") })],
  });
  const client = createClient({ functionsUrl: callables.functionsUrl, idToken });
  const told: unknown[] = [];
  const options = { onStage: (event: unknown) => told.push(event) };
  const input = { bundle: { source: "template:shell" } };
  const expected = { code: "resource-exhausted", details: { limit: "CLISCALE_SESSIONS_PER_USER" } };
  await assert.rejects(client.createSession(input, options), expected);
  assert.equal(told.length, 1);
  await assert.rejects(client.createSession(input, options), expected);
  await assert.rejects(client.attachSession(sessionId, options), { code: "unavailable", message: /broke off/ });
});

test("an App Check token is sent where there is one, and no header where there is none", async () => {
  const sent: (string | null)[] = [];
  const answering: typeof fetch = (_input, init) => {
    sent.push(new Headers(init?.headers).get("X-Firebase-AppCheck"));
    return Promise.resolve(Response.json({ result: {} }));
  };
  const tokens = [() => Promise.resolve("app-check"), () => Promise.resolve(undefined), undefined];
  for (const appCheckToken of tokens) {
    const options = { functionsUrl: "http://functions.test", idToken: () => Promise.resolve("id"), fetch: answering };
    await createClient({ ...options, ...(appCheckToken && { appCheckToken }) }).getSession("1");
  }
  assert.deepEqual(sent, ["app-check", null, null]);
});

test("a call that stays silent fails; heartbeats keep a stream alive", async () => {
  await using callables = await startCallables({ getSession: [silent], attachSession: [beating, silent] });
  const service = { functionsUrl: callables.functionsUrl, idToken, fetch };
  const options = { silenceMilliseconds: 200 };
  await assert.rejects(call(service, "getSession", {}, options), {
    code: "unavailable",
    message: "getSession did not answer within 0.2 seconds. Try again.",
  });
  assert.equal(await call(service, "attachSession", {}, { ...options, onChunk() {} }), "late");
  await assert.rejects(call(service, "attachSession", {}, { ...options, onChunk() {} }), { code: "unavailable" });

  const never = { ...service, idToken: () => new Promise<string>(() => {}) };
  await assert.rejects(call(never, "getSession", {}, options), { code: "unavailable" });
});

test("an aborted call rejects with the signal's reason", async () => {
  await using callables = await startCallables({ getSession: [() => giveUp.abort(reason)] });
  const giveUp = new AbortController();
  const reason = new Error("changed my mind");
  const client = createClient({ functionsUrl: callables.functionsUrl, idToken });
  await assert.rejects(client.getSession(sessionId, { signal: giveUp.signal }), reason);
});

test("a call that is refused for its ID token is made once more with a new one, if there is one", async () => {
  const refused = error(401, { status: "UNAUTHENTICATED", message: "The ID token has expired." });
  await using callables = await startCallables({ getSession: [refused, result({ session: session() })] });
  const asked: boolean[] = [];
  const client = createClient({
    functionsUrl: callables.functionsUrl,
    idToken: (isRefused) => {
      asked.push(isRefused);
      return Promise.resolve(isRefused ? "NEW" : "OLD");
    },
  });
  assert.deepEqual(await client.getSession(sessionId), { session: session() });
  assert.deepEqual(
    callables.calls.map(({ authorization }) => authorization),
    ["Bearer OLD", "Bearer NEW"],
  );
  assert.deepEqual(asked, [false, true]);

  await using stubborn = await startCallables({ getSession: [refused] });
  const same = createClient({ functionsUrl: stubborn.functionsUrl, idToken });
  await assert.rejects(same.getSession(sessionId), { code: "unauthenticated" });
  assert.equal(stubborn.calls.length, 1);
});

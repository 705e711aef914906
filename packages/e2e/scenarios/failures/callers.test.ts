// Callers that go away, overtake themselves, repeat themselves, or ask for nonsense.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import type { ErrorDetails } from "@cliscale/protocol";
import { attach } from "../../src/socket.ts";
import { signUp } from "../../src/user.ts";
import { eventually, leavesNothing, startWorld, takeCensus, type World } from "../../src/world.ts";

const shell = { bundle: { source: "template:shell" } };
let world: World;

before(async () => {
  world = await startWorld();
});

after(async () => {
  await world?.remove();
});

test("a caller that goes away in the middle: the session becomes ready all the same", async () => {
  const { client } = world.user;
  await leavesNothing(world, async () => {
    const leaving = new AbortController();
    const begun = Promise.withResolvers<string>();
    const starting = client.createSession(shell, {
      signal: leaving.signal,
      onStage: ({ sessionId }) => begun.resolve(sessionId!),
    });
    const sessionId = await begun.promise;
    leaving.abort(new Error("left"));
    await assert.rejects(starting, /left/);
    await eventually(async () => assert.equal((await client.getSession(sessionId)).session.state, "ready"));
    const again = await client.attachSession(sessionId);
    const socket = await attach(again.attach!);
    await socket.until(/[$#] $/);
    await client.stopSession(sessionId);
  });
});

test("a stop that overtakes the start, at whatever step, ends the session", async () => {
  const { client } = world.user;
  await leavesNothing(world, async () => {
    for (const verb of ["create", "patch"]) {
      for (const resource of verb === "create" ? ["jobs", "secrets"] : ["jobs"]) {
        await world.cluster.fail({ match: { verb, resource }, fault: { delayMilliseconds: 5_000 } });
        const requestId = randomUUID();
        const starting = client.createSession({ ...shell, requestId });
        const sessionId = await eventually(async () => {
          const [row] = await world.query<{ id: string }>("select id from sessions where request_id = $1", [requestId]);
          assert.ok(row);
          return row.id;
        });
        await eventually(async () => assert.equal(await world.cluster.faultsLeft(), 0));
        assert.equal((await client.stopSession(sessionId)).session.endReason, "stopped");
        const answer = await starting;
        assert.deepEqual([answer.session.endReason, answer.attach], ["stopped", undefined], `${verb} ${resource}`);
      }
    }
  });
});

test("the same requestId ten times at once is one session, and each answer attaches", async () => {
  const { client } = world.user;
  await leavesNothing(world, async () => {
    const first = await takeCensus(world);
    const input = { ...shell, requestId: randomUUID() };
    const answers = await Promise.all(Array.from({ length: 10 }, () => client.createSession(input)));
    assert.equal(new Set(answers.map(({ session }) => session.id)).size, 1);
    assert.equal(new Set(answers.map((answer) => answer.attach!.token)).size, 10);
    const { rows, jobs, secrets, pods } = await takeCensus(world);
    assert.deepEqual([rows, jobs, secrets, pods], [first.rows + 1, first.jobs + 1, first.secrets + 1, first.pods + 1]);
    await client.stopSession(answers[0]!.session.id);
  });
});

test("another user's session does not exist, in any call, and is left alone", async () => {
  const { client } = world.user;
  await leavesNothing(world, async () => {
    const { session } = await client.createSession(shell);
    const stranger = (await signUp(world.stack)).client;
    const missing = { code: "not-found", message: "There is no such session." };
    for (const sessionId of [session.id, randomUUID()]) {
      await assert.rejects(stranger.attachSession(sessionId), missing);
      await assert.rejects(stranger.getSession(sessionId), missing);
      await assert.rejects(stranger.extendSession(sessionId, 600), missing);
      await assert.rejects(stranger.stopSession(sessionId), missing);
    }
    assert.deepEqual((await stranger.listSessions()).sessions, []);
    assert.equal((await client.getSession(session.id)).session.state, "ready");
    await client.stopSession(session.id);
  });
});

/** What is wrong with it, by the fields that the refusal must name. */
const nonsense: { call: string; data: unknown; fields: string[] }[] = [
  { call: "createSession", data: null, fields: ["bundle"] },
  { call: "createSession", data: [], fields: ["(input)"] },
  { call: "createSession", data: "shell", fields: ["(input)"] },
  { call: "createSession", data: {}, fields: ["bundle"] },
  { call: "createSession", data: { bundle: "template:shell" }, fields: ["bundle"] },
  { call: "createSession", data: { bundle: { source: 7, sha256: "AB" } }, fields: ["bundle.source", "bundle.sha256"] },
  { call: "createSession", data: { bundle: { source: "template:\0" } }, fields: ["bundle.source"] },
  { call: "createSession", data: { bundle: { source: "npm:../evil@1.0.0" } }, fields: ["bundle.source"] },
  { call: "createSession", data: { bundle: { source: "template:nothing-of-the-kind" } }, fields: ["bundle.source"] },
  { call: "createSession", data: { bundle: { source: "https://127.0.0.1/x.tgz" } }, fields: ["bundle.source"] },
  { call: "createSession", data: { bundle: { source: "file:///etc/passwd" } }, fields: ["bundle.source"] },
  { call: "createSession", data: { ...shell, command: "" }, fields: ["command"] },
  { call: "createSession", data: { ...shell, command: ["ls"] }, fields: ["command"] },
  { call: "createSession", data: { ...shell, command: "x".repeat(100_000) }, fields: ["command"] },
  { call: "createSession", data: { ...shell, env: { "A B": "1", OK: 2 } }, fields: ["env.A B", "env.OK"] },
  { call: "createSession", data: { ...shell, env: { BIG: "x".repeat(65_536) } }, fields: ["env"] },
  { call: "createSession", data: { ...shell, lifetimeSeconds: 59 }, fields: ["lifetimeSeconds"] },
  { call: "createSession", data: { ...shell, lifetimeSeconds: "3600" }, fields: ["lifetimeSeconds"] },
  { call: "createSession", data: { ...shell, idleSeconds: 9.5 }, fields: ["idleSeconds"] },
  { call: "createSession", data: { ...shell, idleSeconds: -1 }, fields: ["idleSeconds"] },
  { call: "createSession", data: { ...shell, requestId: "1" }, fields: ["requestId"] },
  { call: "createSession", data: { ...shell, owner: "eve" }, fields: ["owner"] },
  { call: "attachSession", data: {}, fields: ["sessionId"] },
  { call: "attachSession", data: { sessionId: "../../etc" }, fields: ["sessionId"] },
  { call: "getSession", data: { sessionId: { $ne: null } }, fields: ["sessionId"] },
  { call: "stopSession", data: { sessionId: "'; drop table sessions; --" }, fields: ["sessionId"] },
  { call: "listSessions", data: { pageSize: 0, state: "sleeping" }, fields: ["pageSize", "state"] },
  { call: "listSessions", data: { pageToken: "nonsense" }, fields: ["pageToken"] },
  { call: "extendSession", data: { sessionId: randomUUID(), lifetimeSeconds: 1 }, fields: ["lifetimeSeconds"] },
];

test("nonsense in every field is refused, each field by its name, and nothing comes of it", async () => {
  const { functionsUrl } = world.stack;
  await leavesNothing(world, async () => {
    const first = await takeCensus(world);
    for (const { call, data, fields } of nonsense) {
      const answer = await fetch(`${functionsUrl}/${call}`, {
        method: "POST",
        headers: { "Content-Type": "application/json", Authorization: `Bearer ${world.user.idToken}` },
        body: JSON.stringify({ data }),
      });
      const { error } = (await answer.json()) as { error?: { status: string; details?: ErrorDetails } };
      const what = `${call} ${JSON.stringify(data).slice(0, 100)}`;
      assert.equal(error?.status, "INVALID_ARGUMENT", what);
      const named = error.details?.violations?.map(({ field }) => field) ?? [];
      assert.deepEqual([...new Set(named)].sort(), fields.toSorted(), what);
    }
    assert.deepEqual(await takeCensus(world), first);
  });
});

test("bodies that are no calls are refused without an answer of the handler", async () => {
  const { functionsUrl } = world.stack;
  const send = (body: string, headers: Record<string, string>) =>
    fetch(`${functionsUrl}/createSession`, { method: "POST", headers, body });
  const bearer = { Authorization: `Bearer ${world.user.idToken}` };
  const json = { "Content-Type": "application/json" };
  assert.equal((await send("{", { ...json, ...bearer })).status, 400);
  assert.equal((await send(JSON.stringify(shell), { ...json, ...bearer })).status, 400);
  assert.equal((await send("data=1", { "Content-Type": "text/plain", ...bearer })).status, 400);
  assert.equal((await send(JSON.stringify({ data: shell }), json)).status, 401);
  assert.equal((await send(JSON.stringify({ data: shell }), { ...json, Authorization: "Bearer a.b.c" })).status, 401);
});

test("a session that has ended cannot be attached or extended, and may be stopped again", async () => {
  const { client } = world.user;
  await leavesNothing(world, async () => {
    const { session } = await client.createSession(shell);
    const first = await client.stopSession(session.id);
    assert.deepEqual(await client.stopSession(session.id), first);
    const over = { code: "failed-precondition" };
    await assert.rejects(client.attachSession(session.id), over);
    await assert.rejects(client.extendSession(session.id, 3600), over);
  });
});

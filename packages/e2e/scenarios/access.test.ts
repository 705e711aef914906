// Who may use cliscale, how much of it, and how an operator puts an end to that, on the real stack.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closeCodes, type StageEvent } from "@cliscale/protocol";
import { attach } from "../src/socket.ts";
import { runAdmin } from "../src/stack.ts";
import { signUp, type TestUser } from "../src/user.ts";
import { eventually, leavesNothing, startWorld, type World } from "../src/world.ts";

const shell = { bundle: { source: "template:shell" } };
let world: World;

before(async () => {
  world = await startWorld({
    CLISCALE_SESSIONS_PER_USER: "2",
    CLISCALE_SESSIONS_TOTAL: "2",
    CLISCALE_ALLOWED_USERS: "*",
  });
});
after(() => world?.remove());

const exhausted = (max: number) => ({
  code: "resource-exhausted",
  details: { limit: "CLISCALE_SESSIONS_PER_USER", max },
});

async function admin(...args: string[]): Promise<string> {
  const { code, output, errors } = await runAdmin(world.stack, ...args);
  assert.deepEqual([code, errors], [0, ""]);
  return output;
}

test("a revocation ends a user's sessions and refuses new ones at once, until it is taken back", async () => {
  const user: TestUser = await signUp(world.stack);
  await leavesNothing(world, async () => {
    const { session, attach: how } = await user.client.createSession(shell);
    const unused = await user.client.attachSession(session.id);
    const socket = await attach(how!);
    await socket.until(/[$#] $/);

    assert.equal(await admin("revoke", user.uid), `${user.uid} is revoked; sessions ended: 1\n`);
    const unauthenticated = { code: "unauthenticated" };
    await assert.rejects(user.client.createSession(shell), unauthenticated);
    await assert.rejects(user.client.attachSession(session.id), unauthenticated);
    await assert.rejects(user.client.extendSession(session.id, 3600), unauthenticated);
    await assert.rejects(user.signInAgain(world.stack));
    const late = await attach(unused.attach!);
    assert.equal((await late.closed).code, closeCodes.gone);
    assert.equal((await socket.closed).code, closeCodes.gone);
    const { session: ended } = await user.client.getSession(session.id);
    assert.deepEqual([ended.endReason, ended.message], ["stopped", "The operator has ended your sessions."]);
    assert.equal(await admin("revoke", user.uid), `${user.uid} is revoked; sessions ended: 0\n`);
  });
  await admin("restore", user.uid);
  const again = await eventually(() => user.signInAgain(world.stack));
  // Whoever has an ID token from before the revocation must sign in again.
  await leavesNothing(world, async () => {
    const { session, attach: how } = await again.client.createSession(shell);
    assert.ok(how);
    await again.client.stopSession(session.id);
  });
});

test("custom claims give a user a quota of their own", async () => {
  const user = await signUp(world.stack);
  await leavesNothing(world, async () => {
    await admin("claims", user.uid, '{"CLISCALE_SESSIONS_PER_USER": 1}');
    const { client } = await user.signInAgain(world.stack);
    const { session } = await client.createSession(shell);
    await assert.rejects(client.createSession(shell), exhausted(1));
    await client.stopSession(session.id);
    await admin("claims", user.uid, '{"CLISCALE_SESSIONS_PER_USER": null}');
  });
});

test("what finds no room waits in line, is told its place, and starts when there is room", async () => {
  const [one, other] = [await signUp(world.stack), await signUp(world.stack)];
  await leavesNothing(world, async () => {
    const first = await one.client.createSession(shell);
    const second = await one.client.createSession({ ...shell, command: "echo going; sleep 1; exit 3" });
    await assert.rejects(one.client.createSession(shell), exhausted(2));
    const stages: StageEvent[] = [];
    const waiting = other.client.createSession(shell, { onStage: (event) => stages.push(event) });
    await eventually(async () => assert.deepEqual([stages[0]?.stage, stages[0]?.position], ["queued", 1]));
    // Its program ends, and nobody asks after it.
    const socket = await attach(second.attach!);
    assert.equal((await socket.closed).code, closeCodes.ended);
    const { session, attach: how } = await waiting;
    assert.ok(how);
    assert.deepEqual(
      stages.map(({ stage }) => stage),
      ["queued", "scheduling", "pulling", "starting", "ready"],
    );
    await one.client.stopSession(first.session.id);
    await other.client.stopSession(session.id);
  });
});

test("the operator's program says how it is used, and what went wrong", async () => {
  const wrong = await runAdmin(world.stack, "revoke");
  assert.equal(wrong.code, 2);
  assert.match(wrong.errors, /npm run admin -- revoke UID/);
  const unknown = await runAdmin(world.stack, "restore", "nobody-of-that-name");
  assert.equal(unknown.code, 1);
  assert.match(unknown.errors, /no user record/);
});

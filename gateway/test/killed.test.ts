// A gateway that is killed at each step of what it does, with another one beside it.
import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { after, afterEach, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { attachRaw, attempt, connectRaw, handshakeBytes, protocolsOf } from "./support/client.ts";
import { gatewayEnv } from "./support/gatewayProcess.ts";
import { clientFrame, shakeHandsAsPod, startRawPod } from "./support/pods.ts";
import { type Program, startProgram } from "./support/program.ts";
import { startWorld, type TestSession, type World } from "./support/world.ts";

let world: World;
let program: Program;
let session: TestSession;
/** Connections that the pod has been asked for so far, with and without success. */
let dials: Socket[];
/** Whether the pod answers. */
let answers: boolean;
let pod: Awaited<ReturnType<typeof startRawPod>>;

before(async () => {
  world = await startWorld();
});
after(() => world.stop());

/** Has a client that attaches at a gateway that is going to be killed, and waits until it is at this step. */
async function begin(token: string, isThere: () => Promise<boolean> | boolean): Promise<Socket> {
  const client = await connectRaw(program.port);
  client.resume();
  client.write(handshakeBytes(`/ws/${session.id}`, protocolsOf(token)));
  while (!(await isThere())) await delay(10);
  return client;
}

async function setUp(): Promise<string> {
  program = await startProgram({ ...gatewayEnv(world), LOG_LEVEL: "error" });
  session = await world.createSession();
  dials = [];
  answers = true;
  pod = await startRawPod((socket) => {
    dials.push(socket);
    socket.resume();
    return answers ? shakeHandsAsPod(socket, session.podSecret) : undefined;
  }, session.podIp);
  return world.mint(session);
}

afterEach(async () => {
  await pod.stop();
});

async function kill(...sockets: Socket[]): Promise<void> {
  const closed = sockets.filter((socket) => !socket.destroyed).map((socket) => once(socket, "close"));
  await program.end("SIGKILL");
  await Promise.all(closed);
}

/** How an attach with this token ends at the gateway that lives: with a close code, or not. */
async function attachElsewhere(token: string): Promise<number | undefined> {
  answers = true;
  const dialled = dials.length;
  const attached = attachRaw(world.gateway.port, session.id, token);
  const { socket, until } = await attached;
  if (dials.length > dialled) {
    socket.destroy();
    return undefined;
  }
  const frame = await until((frames) => frames.length >= 4);
  socket.destroy();
  return frame.readUInt16BE(frame.indexOf(0x88) + 2);
}

/** A transaction that holds rows until it is let go. */
async function holding(statement: string, id: string): Promise<{ letGo(): Promise<void> }> {
  const client = await world.pool.connect();
  await client.query("begin");
  await client.query(statement, [id]);
  return {
    async letGo() {
      await client.query("rollback");
      client.release();
    },
  };
}

/** Whether a statement like this waits for a lock. */
async function waits(text: string): Promise<boolean> {
  const { rows } = await world.pool.query(
    `select from pg_stat_activity where application_name = 'cliscale-gateway' and wait_event_type = 'Lock' and query like $1`,
    [`%${text}%`],
  );
  return rows.length > 0;
}

/** Nothing in the database belongs to the gateway that was killed but its row. */
async function requireNoConnections(): Promise<void> {
  for (;;) {
    const { rows } = await world.pool.query(
      "select from pg_stat_activity where application_name = 'cliscale-gateway' and backend_type = 'client backend'",
    );
    if (rows.length === 0) return;
    await delay(20);
  }
}

suite("A gateway that is killed", () => {
  test("while it spends a token lets nobody in twice, and holds nothing", async () => {
    const token = await setUp();
    const jti = (JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString()) as { jti: string }).jti;
    const held = await holding("select from token_jti where jti = $1 for update", jti);
    const client = await begin(token, () => waits("update token_jti"));
    await kill(client);
    await held.letGo();
    await requireNoConnections();
    assert.deepEqual(dials, []);
    // Its statement may have come through, which spends the token: the client asks for another.
    const again = await attachElsewhere(token);
    assert.ok(again === undefined || again === 4409, String(again));
    assert.equal(await attachElsewhere(token), 4409);
    assert.equal(await attachElsewhere(await world.mint(session)), undefined);
  });

  test("while it waits for the pod has spent the token, and leaves the pod alone", async () => {
    const token = await setUp();
    answers = false;
    const client = await begin(token, () => dials.length === 1);
    await kill(client, dials[0]!);
    assert.equal(await attachElsewhere(token), 4409);
    assert.equal(await attachElsewhere(await world.mint(session)), undefined);
    await requireNoConnections();
  });

  test("while a terminal is attached takes both its sockets with it", async () => {
    const token = await setUp();
    const { socket: client } = await attachRaw(program.port, session.id, token);
    client.resume();
    await kill(client, dials[0]!);
    assert.equal(await attachElsewhere(token), 4409);
    assert.equal(await attachElsewhere(await world.mint(session)), undefined);
    await requireNoConnections();
  });

  test("while it reports holds up neither other gateways nor the session", async () => {
    const token = await setUp();
    const { socket: client } = await attachRaw(program.port, session.id, token);
    client.resume();
    const held = await holding("select from sessions where id = $1 for update", session.id);
    client.write(clientFrame(2, "0x"));
    while (!(await waits("last_input_at"))) await delay(20);
    await kill(client, dials[0]!);
    await held.letGo();
    await requireNoConnections();
    assert.equal(await attachElsewhere(await world.mint(session)), undefined);
  });

  test("while it drains takes the sockets that are left with it", async () => {
    const token = await setUp();
    await program.end();
    program = await startProgram({ ...gatewayEnv(world), CLISCALE_DRAIN_SECONDS: "600", LOG_LEVEL: "error" });
    const { socket: client } = await attachRaw(program.port, session.id, token);
    client.resume();
    program.child.kill("SIGTERM");
    while ((await program.admin("/readyz")).status !== 503) await delay(20);
    await kill(client, dials[0]!);
    assert.equal(await attachElsewhere(await world.mint(session)), undefined);
  });
});

test("a token is refused, and not spent, by a gateway whose clock is ten minutes off", async () => {
  const token = await setUp();
  await program.end();
  for (const minutes of [10, -10]) {
    const { gateway } = world.createGateway({}, {}, () => Date.now() + minutes * 60_000);
    await gateway.start();
    const { client, code } = await attempt(`ws://127.0.0.1:${gateway.port}/ws/${session.id}`, token);
    assert.equal(code, 4401);
    client.terminate();
    await gateway.stop();
  }
  assert.deepEqual(dials, []);
  assert.equal(await attachElsewhere(token), undefined);
});

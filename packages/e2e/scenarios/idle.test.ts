// Sessions in which nothing happens, or nothing but output.
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { clientMessage, encodeMessage } from "@cliscale/protocol";
import { WebSocket } from "ws";
import { attach, type TerminalSocket } from "../src/socket.ts";
import { type Census, eventually, startWorld, sweep, takeCensus, type World } from "../src/world.ts";

const idleSeconds = 10;
const outputMaxSeconds = 25;
let world: World;
let census: Census;
const done = new AbortController();
let sweeping: Promise<void>;

before(async () => {
  world = await startWorld({ CLISCALE_IDLE_OUTPUT_MAX_SECONDS: String(outputMaxSeconds) });
  census = await takeCensus(world);
  sweeping = keepSweeping();
});
after(async () => {
  done.abort();
  await sweeping;
  await world?.remove();
});

/** More often than the scheduler does. */
async function keepSweeping(): Promise<void> {
  while (!done.signal.aborted) {
    await sweep(world).catch(() => undefined);
    await delay(1_000);
  }
}

interface Row {
  end_reason: string | null;
  ended_at: Date;
  ready_at: Date;
  last_attach_at: Date;
  last_input_at: Date | null;
}

async function rowOf(id: string): Promise<Row> {
  const [row] = await world.query<Row>("select * from sessions where id = $1", [id]);
  return row!;
}

async function open(command: string): Promise<{ id: string; socket: TerminalSocket }> {
  const bundle = { source: "template:shell" };
  const { session, attach: how } = await world.user.client.createSession({ bundle, command, idleSeconds });
  return { id: session.id, socket: await attach(how!) };
}

/** What a page that nobody touches sends and asks for all the same, until its socket is closed. */
async function keepOpen({ id, socket }: { id: string; socket: TerminalSocket }): Promise<void> {
  while (socket.socket.readyState === WebSocket.OPEN) {
    socket.resize(80 + (Date.now() % 2), 24);
    socket.socket.ping();
    socket.socket.send(encodeMessage(clientMessage.ping, "1"));
    await world.user.client.getSession(id);
    await delay(500);
  }
}

/** The socket is closed because its session is idle; resolves to the row, and checks that this took 5 s at most. */
async function endsIdle({ id, socket }: { id: string; socket: TerminalSocket }): Promise<Row> {
  assert.deepEqual(await socket.closed, { code: 4404, reason: "idle" });
  const closedAt = Date.now();
  const row = await rowOf(id);
  assert.equal(row.end_reason, "idle");
  assert.ok(closedAt - row.ended_at.getTime() < 5_000, `closed ${closedAt - row.ended_at.getTime()} ms after its end`);
  return row;
}

const seconds = (from: Date, to: Date) => (to.getTime() - from.getTime()) / 1000;

suite("A session ends for being idle", () => {
  test("with a tab attached that nobody touches, on a program that is silent, at its idle time", async () => {
    const silent = await open("exec sleep 1000");
    const untouched = keepOpen(silent);
    const { ended_at, last_attach_at, last_input_at } = await endsIdle(silent);
    await untouched;
    assert.equal(last_input_at, null);
    assert.ok(seconds(last_attach_at, ended_at) >= idleSeconds);
    const { session } = await world.user.client.getSession(silent.id);
    assert.deepEqual([session.endReason, session.idleAt], ["idle", undefined]);
  });

  test("with a program that prints for ever, at the configured bound", async () => {
    const printing = await open("while :; do echo on; sleep 0.2; done");
    const untouched = keepOpen(printing);
    const { ended_at, last_attach_at } = await endsIdle(printing);
    await untouched;
    assert.ok(seconds(last_attach_at, ended_at) >= outputMaxSeconds);
  });

  test("and not while somebody types, or attaches again", async () => {
    const { client } = world.user;
    const typing = await open("cat >/dev/null");
    const keys = setInterval(() => typing.socket.type("x"), idleSeconds * 300);
    // The first call has its function's process start, which may take longer than a session may be idle.
    await client.attachSession(typing.id);
    const attaching = await open("exec sleep 1000");
    const until = Date.now() + 3 * idleSeconds * 1000;
    while (Date.now() < until) {
      const again = await attach((await client.attachSession(attaching.id)).attach!);
      await delay(idleSeconds * 300);
      again.socket.close();
    }
    clearInterval(keys);
    for (const { id } of [typing, attaching]) {
      await eventually(async () => assert.ok((await client.getSession(id)).session.idleAt));
      assert.equal((await client.stopSession(id)).session.endReason, "stopped");
    }
  });
});

test("and nothing is left of them", async () => {
  await eventually(async () => assert.deepEqual(await takeCensus(world), census), { seconds: 120 });
});

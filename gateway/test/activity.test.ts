import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { attachRaw } from "./support/client.ts";
import { gatewayEnv } from "./support/gatewayProcess.ts";
import { clientFrame, type RawPod, serverFrame } from "./support/pods.ts";
import { startProgram } from "./support/program.ts";
import { startRawSession, startWorld, type TestSession, type World } from "./support/world.ts";

const binary = 2;
const text = 1;
const ping = 9;
const pong = 10;

let world: World;
/** The entries of each report so far. */
const reports: { ids: string[] }[] = [];
/** What reports fail with at the moment. */
let outage: Error | undefined;

before(async () => {
  world = await startWorld({}, { report: 40 });
  const query = world.pool.query.bind(world.pool) as (...args: unknown[]) => Promise<unknown>;
  const spy = (statement: unknown, ...rest: unknown[]) => {
    const { name, values } = statement as { name?: string; values: unknown[] };
    if (name !== "report-activity") return query(statement, ...rest);
    if (outage) return Promise.reject(outage);
    reports.push({ ids: values[3] as string[] });
    return query(statement, ...rest);
  };
  Object.assign(world.pool, { query: spy });
});
after(() => world.stop());

interface Attached {
  session: TestSession;
  client: Socket;
  pod: Socket;
  server: RawPod;
}

async function attached(given?: { session: TestSession; pod: RawPod }, port = world.gateway.port): Promise<Attached> {
  const { session, pod: server } = given ?? (await startRawSession(world));
  const atPod = server.connected();
  const { socket: client } = await attachRaw(port, session.id, await world.mint(session));
  const pod = await atPod;
  pod.resume();
  return { session, client, pod, server };
}

async function end({ client, pod, server }: Attached): Promise<void> {
  client.destroy();
  pod.destroy();
  await server.stop();
}

/** Resolves when everything that has happened by now has been told. */
async function told(): Promise<void> {
  const already = reports.length;
  while (reports.length < already + 3) await delay(5);
}

/** Which of the three have been told of, and when. */
async function timesOf({ id }: TestSession) {
  const { rows } = await world.pool.query<Record<"attach" | "input" | "output", Date | null>>(
    `select last_attach_at as attach, last_input_at as input, last_output_at as output from sessions where id = $1`,
    [id],
  );
  return rows[0]!;
}

async function seen(session: TestSession): Promise<string[]> {
  return Object.entries(await timesOf(session)).flatMap(([kind, time]) => (time ? [kind] : []));
}

/** Masked by a key that is not zero, as browsers do it. */
function masked(payload: string): Buffer {
  const frame = clientFrame(binary, payload);
  const start = frame.length - payload.length;
  const key = Buffer.from([0x91, 0x30, 0x31, 0xc4]);
  key.copy(frame, start - 4);
  for (let index = start; index < frame.length; index += 1) frame[index]! ^= key[(index - start) % 4]!;
  return frame;
}

/** Which version of its row a session has: each change makes a new one. */
async function versionOf({ id }: TestSession): Promise<string> {
  const { rows } = await world.pool.query<{ xmin: string }>("select xmin from sessions where id = $1", [id]);
  return rows[0]!.xmin;
}

/** The gateways that have a row, and up to when they have told everything. */
async function gateways(): Promise<Map<string, Date>> {
  const { rows } = await world.pool.query<{ id: string; covered_until: Date }>(
    "select id, covered_until from gateways",
  );
  return new Map(rows.map(({ id, covered_until }) => [id, covered_until]));
}

async function newcomer(others: Map<string, Date>): Promise<string> {
  const [id] = new Set((await gateways()).keys()).difference(others);
  assert.ok(id);
  return id;
}

suite("A gateway tells", () => {
  test("of attaches, input and output, and takes nothing else for activity", async () => {
    const pair = await attached();
    await told();
    assert.deepEqual(await seen(pair.session), ["attach"]);
    const notInput = [`{"columns":80,"rows":24}`, `1{"columns":100,"rows":30}`, "2", "3", "50123", ""].flatMap(
      (payload) => [clientFrame(binary, payload), clientFrame(text, payload), masked(payload)],
    );
    const notOutput = ["1title", `2{"a":0}`, `3{"epoch":"0"}`, `4{"exitCode":0}`, "50123", ""];
    for (const frame of [...notInput, clientFrame(ping, "0"), clientFrame(pong, "0")]) pair.client.write(frame);
    for (const payload of notOutput) pair.pod.write(serverFrame(binary, payload));
    for (const opcode of [ping, pong]) pair.pod.write(serverFrame(opcode, "0"));
    await told();
    assert.deepEqual(await seen(pair.session), ["attach"]);
    pair.client.write(masked("0l"));
    await told();
    assert.deepEqual(await seen(pair.session), ["attach", "input"]);
    pair.pod.write(serverFrame(binary, "0output"));
    await told();
    assert.deepEqual(await seen(pair.session), ["attach", "input", "output"]);
    await end(pair);
  });

  test("of what happened over a socket that has closed since", async () => {
    const pair = await attached();
    pair.client.write(masked("0exit\r"));
    await once(pair.pod, "data");
    await end(pair);
    await told();
    assert.deepEqual(await seen(pair.session), ["attach", "input"]);
  });

  test("in one statement an interval, of the sessions in which something happened, whatever the traffic", async () => {
    const [busy, quiet] = [await attached(), await attached()];
    await told();
    const quietVersion = await versionOf(quiet.session);
    const from = reports.length;
    for (let index = 0; index < 200; index += 1) {
      busy.client.write(Buffer.concat(Array.from({ length: 20 }, () => masked("0x"))));
      busy.pod.write(Buffer.concat(Array.from({ length: 20 }, () => serverFrame(binary, "0y"))));
      await delay(1);
    }
    await told();
    const during = reports.slice(from);
    assert.deepEqual(new Set(during.flatMap(({ ids }) => ids)), new Set([busy.session.id]));
    for (const { ids } of during) assert.ok(ids.length <= 1);
    assert.deepEqual(await versionOf(quiet.session), quietVersion);
    await Promise.all([end(busy), end(quiet)]);
  });

  test("of one session in one entry, whichever of its sockets it was", async () => {
    const first = await attached();
    const second = await attached({ session: first.session, pod: first.server });
    await told();
    const from = reports.length;
    first.client.write(masked("0a"));
    second.pod.write(serverFrame(binary, "0b"));
    await told();
    for (const { ids } of reports.slice(from)) assert.equal(ids.length, new Set(ids).size);
    assert.deepEqual(await seen(first.session), ["attach", "input", "output"]);
    first.client.destroy();
    await end(second);
  });

  test("after an outage when things happened in it, and nobody takes for known what it could not tell", async () => {
    const pair = await attached();
    const gone = await attached();
    await told();
    const [known] = (await world.pool.query<{ until: Date }>("select min(covered_until) as until from gateways")).rows;
    outage = new Error("no database");
    pair.client.write(masked("0during"));
    gone.pod.write(serverFrame(binary, "0during"));
    await once(gone.client, "data");
    await end(gone);
    const happened = Date.now();
    await delay(400);
    const [still] = (await world.pool.query<{ until: Date }>("select min(covered_until) as until from gateways")).rows;
    assert.ok(still!.until.getTime() - known!.until.getTime() < 200, "it goes on to tell of itself");
    outage = undefined;
    await told();
    const { input } = await timesOf(pair.session);
    const { output } = await timesOf(gone.session);
    // The database's clock is this machine's.
    for (const time of [input, output]) assert.ok(Math.abs(time!.getTime() - happened) < 250, String(time));
    await end(pair);
  });
});

suite("A gateway's own row", () => {
  test("is there when it serves, and goes when it has told everything and stopped", async () => {
    const others = await gateways();
    assert.equal(others.size, 1);
    const program = await startProgram(gatewayEnv(world));
    await newcomer(others);
    const pair = await attached(undefined, program.port);
    pair.client.write(masked("0last words"));
    await once(pair.pod, "data");
    assert.equal(await program.end(), 0);
    assert.deepEqual([...(await gateways()).keys()], [...others.keys()]);
    assert.deepEqual(await seen(pair.session), ["attach", "input"]);
    await end(pair);
  });

  test("stays when it is killed, and says up to when it has told everything", async () => {
    const others = await gateways();
    const program = await startProgram(gatewayEnv(world));
    const id = await newcomer(others);
    const known = (await gateways()).get(id);
    await program.end("SIGKILL");
    await told();
    assert.deepEqual((await gateways()).get(id), known);
  });
});

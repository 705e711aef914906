import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { terminalPath } from "@cliscale/service";
import { attachRaw, attachTo, attempt, closed, closeOf, collect, connectRaw, protocolsOf } from "./support/client.ts";
import { gatewayEnv } from "./support/gatewayProcess.ts";
import { clientFrame, serverFrame } from "./support/pods.ts";
import { type Program, runProgram, startProgram } from "./support/program.ts";
import { startTerminalWorld, type TerminalWorld } from "./support/terminalWorld.ts";
import { startRawSession } from "./support/world.ts";

const binary = 2;
const close = 8;

let { world, session, stop } = {} as TerminalWorld;

before(async () => {
  ({ world, session, stop } = await startTerminalWorld());
});
after(() => stop());

const urlAt = (program: Program, id = session.id) => `ws://127.0.0.1:${program.port}/ws/${id}`;

test("it starts, serves, drains on SIGTERM, and exits with 0 however often it is told", async () => {
  const program = await startProgram({ ...gatewayEnv(world), CLISCALE_DRAIN_SECONDS: "1" });
  const clients = [
    await attachTo(urlAt(program), await world.mint(session)),
    await attachTo(urlAt(program), await world.mint(session)),
  ];
  assert.equal((await program.admin("/readyz")).status, 200);
  const codes = Promise.all(clients.map((client) => closed(client)));
  const first = once(clients[0]!, "close");
  program.child.kill("SIGTERM");
  await first;
  program.child.kill("SIGTERM");
  program.child.kill("SIGINT");
  assert.equal((await program.admin("/readyz")).status, 503);
  assert.equal((await program.admin("/healthz")).status, 200);
  assert.deepEqual(await closeOf(urlAt(program), protocolsOf(await world.mint(session))), {
    code: 1012,
    reason: "the gateway is restarting: attach again",
  });
  assert.deepEqual(
    (await codes).map(({ code }) => code),
    [1012, 1012],
  );
  assert.equal(await program.end(), 0);
});

test("a second signal, once it cannot be the first one's echo, ends the drain's window", async () => {
  const program = await startProgram({ ...gatewayEnv(world), CLISCALE_DRAIN_SECONDS: "600" });
  const clients = await Promise.all([1, 2, 3].map(async () => attachTo(urlAt(program), await world.mint(session))));
  const codes = Promise.all(clients.map((client) => closed(client)));
  program.child.kill("SIGTERM");
  await delay(1_200);
  program.child.kill("SIGTERM");
  assert.deepEqual(
    (await codes).map(({ code }) => code),
    [1012, 1012, 1012],
  );
  assert.equal(await program.end("SIGTERM"), 0);
});

test("probes and metrics are for those who know its address, not for pages whose name leads there", async () => {
  const program = await startProgram(gatewayEnv(world));
  const statusFor = async (host: string) => {
    const socket = await connectRaw(program.adminPort);
    const received = collect(socket);
    socket.write(`GET /metrics HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    const status = (await received.until((bytes) => bytes.includes("\r\n\r\n"))).toString("latin1", 9, 12);
    socket.destroy();
    return status;
  };
  for (const host of ["127.0.0.1", `127.0.0.1:${program.adminPort}`, "localhost:9464", "10.8.0.7:9464", "[::1]:9464"]) {
    assert.equal(await statusFor(host), "200", host);
  }
  for (const host of ["evil.test", "evil.test:9464", "127.0.0.1.evil.test", "localhost.evil.test", "127.0.0.1@x"]) {
    assert.equal(await statusFor(host), "421", host);
  }
  assert.equal(await program.end(), 0);
});

test("it stops at once where nobody is attached, and with its parent", async () => {
  const program = await startProgram({ ...gatewayEnv(world), CLISCALE_DRAIN_SECONDS: "60" });
  program.child.disconnect();
  const [code] = (await once(program.child, "exit")) as [number];
  assert.equal(code, 0);
});

test("it does not start with a wrong environment, and names all that is wrong without its value", async () => {
  const { code, log } = await runProgram({
    PATH: process.env["PATH"] ?? "",
    CLISCALE_DATABASE_URL: "secret-of-the-database",
    CLISCALE_ALLOWED_ORIGINS: "https://example.test/",
    CLISCALE_POD_RANGE: "10.0.0.0",
    CLISCALE_GATEWAY_PORT: "http",
  });
  assert.equal(code, 1);
  for (const name of ["DATABASE_URL", "JWKS_URL", "TOKEN_ISSUER", "ALLOWED_ORIGINS", "POD_RANGE", "GATEWAY_PORT"]) {
    assert.match(log, new RegExp(`CLISCALE_${name}: `));
  }
  assert.ok(!log.includes("secret-of-the-database"));
});

test("its log has one event for each attach and detach, and neither token nor path nor query", async () => {
  const program = await startProgram(gatewayEnv(world));
  const token = await world.mint(session);
  const client = await attachTo(urlAt(program), token);
  client.close();
  await closed(client);
  await closeOf(`${urlAt(program)}?token=${token}`, protocolsOf(token));
  await closeOf(urlAt(program, token), protocolsOf(token));
  await closeOf(urlAt(program), protocolsOf(token));
  await closeOf(urlAt(program), protocolsOf("not.a.token"));
  assert.equal(await program.end(), 0);
  const events = program
    .log()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const attaches = events.filter(({ message }) => message === "attach");
  assert.deepEqual(
    attaches.map(({ outcome, code }) => [outcome, code]),
    [
      ["attached", undefined],
      ["malformed", 4400],
      ["malformed", 4400],
      ["tokenUsed", 4409],
      ["unauthenticated", 4401],
    ],
  );
  assert.equal(attaches[0]!["sessionId"], session.id);
  assert.match(String(attaches[0]!["jti"]), /^[0-9a-f-]{36}$/);
  assert.deepEqual(Object.keys(attaches[0]!["milliseconds"] as object), ["verify", "consume", "pod", "total"]);
  assert.equal(events.filter(({ message }) => message === "detach").length, 1);
  const signature = token.split(".")[2]!;
  for (const secret of [signature, session.podSecret, terminalPath(session.podSecret), "?token", "not.a.token"]) {
    assert.ok(!program.log().includes(secret));
  }
});

test("its metrics count attaches and bytes, and name no user, session or token", async () => {
  const program = await startProgram(gatewayEnv(world));
  const token = await world.mint(session);
  const client = await attachTo(urlAt(program), token);
  client.send(Buffer.from("0hello"));
  await once(client, "message");
  await closeOf(urlAt(program), protocolsOf(token));
  const { body } = await program.admin("/metrics");
  const value = (metric: string) =>
    Number(
      body
        .split("\n")
        .find((line) => line.startsWith(`${metric} `))
        ?.split(" ")[1],
    );
  assert.equal(value("cliscale_gateway_open_sockets"), 1);
  assert.equal(value("cliscale_gateway_pending_handshakes"), 0);
  assert.equal(value('cliscale_gateway_attaches_total{outcome="attached"}'), 1);
  assert.equal(value('cliscale_gateway_attaches_total{outcome="tokenUsed"}'), 1);
  assert.equal(value('cliscale_gateway_bytes_total{to="pod"}'), 12);
  assert.equal(value('cliscale_gateway_bytes_total{to="client"}'), 8);
  assert.ok(value("cliscale_gateway_keys_age_seconds") < 60);
  assert.ok(value("cliscale_gateway_postgres_connections") >= 1);
  assert.equal(value('cliscale_gateway_attach_seconds_count{step="pod"}'), 1);
  assert.ok(value("nodejs_eventloop_lag_p99_seconds") >= 0);
  assert.ok(!body.includes(session.id) && !body.includes(session.owner));
  assert.equal((await program.admin("/")).status, 404);
  assert.equal(value("cliscale_gateway_draining"), 0);
  client.terminate();
  const violator = await attachRaw(program.port, session.id, await world.mint(session));
  violator.socket.write(Buffer.from([0xff, 0xff]));
  await violator.until((frames) => frames.length >= 4);
  violator.socket.end(clientFrame(close, ""));
  await once(violator.socket, "close");
  const deadline = performance.now() + 20_000;
  let later = "";
  while (!later.includes('closed_by="gateway"') && performance.now() < deadline) {
    ({ body: later } = await program.admin("/metrics"));
  }
  assert.match(later, /cliscale_gateway_detaches_total\{closed_by="client",code="none"\} 1/);
  assert.match(later, /cliscale_gateway_detaches_total\{closed_by="gateway",code="4400"\} 1/);
  assert.match(later, /cliscale_gateway_splice_errors_total\{kind="clientViolation"\} 1/);
  assert.equal(await program.end(), 0);
});

test("it outlives running out of file descriptors", async () => {
  const program = await startProgram(gatewayEnv(world), 64);
  const clients = await Promise.all(Array.from({ length: 80 }, () => connectRaw(program.port)));
  for (const client of clients) client.destroy();
  let reached = await attempt(urlAt(program), await world.mint(session));
  while (reached.code !== undefined) reached = await attempt(urlAt(program), await world.mint(session));
  reached.client.terminate();
  assert.equal(await program.end(), 0, program.log());
});

suite("draining", () => {
  test("in the middle of a frame waits for its end and cuts nothing off", async () => {
    const { session: target, pod: rawPod } = await startRawSession(world);
    const draining = world.createGateway({}, { close: 5_000 });
    await draining.gateway.start();
    const atPod = rawPod.connected();
    const client = await attachRaw(draining.gateway.port, target.id, await world.mint(target));
    const frame = serverFrame(binary, "0a message of the pod's");
    const next = serverFrame(binary, "0the next one");
    (await atPod).write(frame.subarray(0, 10));
    await client.until((frames) => frames.length === 10);
    const stopped = draining.gateway.stop();
    assert.equal(draining.gateway.stop(), stopped, "stopping twice is stopping once");
    await delay(100);
    assert.equal(client.frames().length, 10);
    (await atPod).write(Buffer.concat([frame.subarray(10), next]));
    await client.until((frames) => frames.length > frame.length + 4);
    assert.ok(client.frames().subarray(0, frame.length).equals(frame));
    const goodbye = client.frames().subarray(frame.length);
    assert.equal(goodbye[0], 0x88);
    assert.equal(goodbye.readUInt16BE(2), 1012);
    client.socket.end(clientFrame(close, ""));
    await stopped;
    assert.equal(client.frames().length, frame.length + 2 + goodbye[1]!, "nothing follows the Close frame");
    await rawPod.stop();
  });

  test("in the middle of a frame of 1 MB: the client, parsing with ws, sees the whole message and then 1012", async () => {
    const { session: target, pod: rawPod } = await startRawSession(world);
    const program = await startProgram(gatewayEnv(world));
    const atPod = rawPod.connected();
    const client = await attachTo(urlAt(program, target.id), await world.mint(target));
    const message = Buffer.alloc(1024 * 1024, "0123456789abcdef");
    const frame = serverFrame(binary, message);
    const socket = await atPod;
    const errors: Error[] = [];
    client.on("error", (error) => errors.push(error));
    const received: Buffer[] = [];
    client.on("message", (data: Buffer) => received.push(data));
    const ended = closed(client);
    socket.write(Buffer.concat([frame, frame.subarray(0, 500_000)]));
    await once(client, "message");
    program.child.kill("SIGTERM");
    await delay(300);
    assert.equal(received.length, 1);
    // Another message is under way behind it, of which the client must get nothing.
    socket.write(Buffer.concat([frame.subarray(500_000), frame.subarray(0, 1_000)]));
    assert.equal((await ended).code, 1012);
    assert.deepEqual(errors, []);
    assert.deepEqual(
      received.map((data) => data.equals(message)),
      [true, true],
    );
    assert.equal(await program.end(), 0);
    await rawPod.stop();
  });

  test(
    "passes on what the client sent before it heard of it, in order, to its Close frame and no further",
    { timeout: 30_000 },
    async () => {
      const { session: target, pod: rawPod } = await startRawSession(world);
      const draining = world.createGateway({}, { close: 5_000 });
      await draining.gateway.start();
      const atPod = rawPod.connected();
      const client = await attachRaw(draining.gateway.port, target.id, await world.mint(target));
      // The gateway has sent its last byte while the client still sends.
      client.socket.allowHalfOpen = true;
      const received = collect(await atPod);
      const frame = serverFrame(binary, "0a message of the pod's");
      (await atPod).write(frame.subarray(0, 10));
      await client.until((frames) => frames.length === 10);
      const stopped = draining.gateway.stop();
      const [one, two, three] = ["0one", "0two", "0three"].map((text) => clientFrame(binary, text)) as [
        Buffer,
        Buffer,
        Buffer,
      ];
      const goodbye = clientFrame(close, Buffer.from([1012 >> 8, 1012 & 0xff]));
      client.socket.write(Buffer.concat([one, two.subarray(0, 3)]));
      await received.until((bytes) => bytes.length >= one.length);
      (await atPod).write(frame.subarray(10));
      await client.until((frames) => frames.length > frame.length + 4);
      client.socket.write(two.subarray(3));
      await received.until((bytes) => bytes.length === one.length + two.length);
      client.socket.end(Buffer.concat([three, goodbye, one]));
      await once(await atPod, "end");
      assert.ok(received.bytes().equals(Buffer.concat([one, two, three, goodbye])));
      await stopped;
      await rawPod.stop();
    },
  );

  test("cuts a client whose pod never finishes its frame", async () => {
    const { session: target, pod: rawPod } = await startRawSession(world);
    const draining = world.createGateway({}, { close: 300 });
    await draining.gateway.start();
    const atPod = rawPod.connected();
    const client = await attachRaw(draining.gateway.port, target.id, await world.mint(target));
    (await atPod).write(serverFrame(binary, "0half").subarray(0, 4));
    await client.until((frames) => frames.length === 4);
    const cut = once(client.socket, "close");
    await draining.gateway.stop();
    await cut;
    assert.equal(client.frames().length, 4);
    await rawPod.stop();
  });

  test("is spread over its window", async () => {
    const { session: target, pod: rawPod } = await startRawSession(world);
    const draining = world.createGateway({ drainSeconds: 1 });
    await draining.gateway.start();
    const url = world.url(target, draining.gateway);
    const clients = await Promise.all(Array.from({ length: 20 }, async () => attachTo(url, await world.mint(target))));
    const startedAt = performance.now();
    const times = clients.map(async (client) => {
      const { code } = await closed(client);
      assert.equal(code, 1012);
      return performance.now() - startedAt;
    });
    await draining.gateway.stop();
    const sorted = (await Promise.all(times)).sort((a, b) => a - b);
    assert.ok(sorted[4]! < 700 && sorted[19]! > 700, sorted.map(Math.round).join(" "));
    await rawPod.stop();
  });
});

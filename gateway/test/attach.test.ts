import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { after, before, suite, test } from "node:test";
import type { Gateway } from "../src/gateway.ts";
import {
  attachRaw,
  attempt,
  attachTo,
  closed,
  closeOf,
  collect,
  connectRaw,
  handshakeBytes,
  protocolsOf,
} from "./support/client.ts";
import { clientFrame, podAnswer, readRequest, serverFrame, startPod, startRawPod } from "./support/pods.ts";
import { allowedOrigin, startWorld, type World } from "./support/world.ts";

let world: World;
let gateway: Gateway;

before(async () => {
  world = await startWorld();
  ({ gateway } = world);
});
after(() => world.stop());

const codeOf = async (...args: Parameters<typeof closeOf>) => (await closeOf(...args)).code;

/** Sends bytes and returns the status line of the answer. */
async function statusOf(bytes: string): Promise<string> {
  const socket = await connectRaw(gateway.port);
  const received = collect(socket);
  socket.write(bytes);
  await once(socket, "close");
  return received.bytes().toString("latin1").split("\r\n")[0]!;
}

test("an attached terminal passes both sides' messages, and its close, on", async () => {
  const session = await world.createSession();
  const pod = await startPod(session.podSecret, session.podIp);
  const terminal = pod.attached();
  const token = await world.mint(session);
  const client = await attachTo(world.url(session), token, { origin: allowedOrigin });
  assert.equal(client.protocol, "tty");
  client.send(Buffer.from("0echo"));
  assert.equal(String((await once(client, "message"))[0]), "0echo");
  const atPod = closed(await terminal);
  (await terminal).send(Buffer.from('4{"exitCode":0}'));
  (await terminal).close(1000, "exited");
  assert.deepEqual(await closed(client), { code: 1000, reason: "exited" });
  assert.equal((await atPod).code, 1000, "the pod learns that its client was told");
  await pod.stop();
  const events = world.events.filter((event) => event["sessionId"] === session.id);
  assert.deepEqual(
    events.map((event) => [event.message, event["outcome"], event["closedBy"], event["code"]]),
    [
      ["attach", "attached", undefined, undefined],
      ["detach", undefined, "pod", 1000],
    ],
  );
  assert.ok(!JSON.stringify(world.events).includes(token));
});

test("nothing of the client's request reaches the pod, and bytes sent early by either side arrive", async () => {
  const session = await world.createSession();
  let head = "";
  let key = "";
  const pod = await startRawPod(async (socket) => {
    ({ head, key } = await readRequest(socket));
    socket.write(Buffer.concat([Buffer.from(podAnswer(session.podSecret, key)), serverFrame(2, "0early pod")]));
  }, session.podIp);
  const atPod = pod.connected();
  const client = await connectRaw(gateway.port);
  const received = collect(client);
  const cookies = {
    Cookie: "a=c4nary",
    Authorization: "Bearer c4nary",
    "X-Custom": "c4nary",
    "Accept-Language": "c4nary",
  };
  const request = handshakeBytes(`/ws/${session.id}`, protocolsOf(await world.mint(session)), cookies);
  const early = clientFrame(2, '{"columns":80,"rows":24}');
  client.write(Buffer.concat([Buffer.from(request), early.subarray(0, 9)]));
  const podReceived = collect(await atPod);
  client.write(early.subarray(9));
  await podReceived.until((bytes) => bytes.includes(early));
  await received.until((bytes) => bytes.includes(serverFrame(2, "0early pod")));
  assert.match(head, new RegExp(`^GET /[\\w-]{43}/ws HTTP/1.1\r\nHost: ${session.podIp}:7681\r\n`));
  assert.ok(!/c4nary|cookie|bearer|language/i.test(head));
  client.destroy();
  await pod.stop();
});

suite("a request that is no attach is answered by HTTP", () => {
  const path = `/ws/${randomUUID()}`;
  const bearer = protocolsOf("a.b.c");
  const notFound: Record<string, string> = {
    "another path": handshakeBytes("/", bearer),
    "a path below": handshakeBytes(`${path}/token`, bearer),
    "no session": handshakeBytes("/ws/", bearer),
    "another path without an upgrade": "GET /index.html HTTP/1.1\r\nHost: x\r\n\r\n",
    "an absolute URL": handshakeBytes(`http://gateway.test${path}`, bearer),
  };
  for (const [name, bytes] of Object.entries(notFound)) {
    test(`404: ${name}`, async () => assert.match(await statusOf(bytes), /^HTTP\/1.1 404 /));
  }

  const malformed: Record<string, string> = {
    "no upgrade": `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`,
    "an upgrade to something else": handshakeBytes(path, bearer, { Upgrade: "h2c" }),
    "another method": handshakeBytes(path, bearer, {}, `POST ${path} HTTP/1.1`),
    "another version of WebSocket": handshakeBytes(path, bearer, { "Sec-WebSocket-Version": "8" }),
    "no key": handshakeBytes(path, bearer, { "Sec-WebSocket-Key": undefined }),
    "a key that is none": handshakeBytes(path, bearer, { "Sec-WebSocket-Key": "short" }),
    "a body": `${handshakeBytes(path, bearer, { "Content-Length": "4" })}body`,
    "a chunked body": `${handshakeBytes(path, bearer, { "Transfer-Encoding": "chunked" })}0\r\n\r\n`,
    "subprotocols without tty": handshakeBytes(path, ["bearer.a.b.c"]),
    "a subprotocol that is no token": handshakeBytes(path, ["tty", "bearer,a b"]),
    "a subprotocol twice": handshakeBytes(path, ["tty", "tty"]),
  };
  for (const [name, bytes] of Object.entries(malformed)) {
    test(`400: ${name}`, async () => assert.match(await statusOf(bytes), /^HTTP\/1.1 400 /));
  }
});

suite("a token lets one in", () => {
  test("of fifty at once, on two gateways", async () => {
    const session = await world.createSession();
    const pod = await startPod(session.podSecret, session.podIp);
    const second = world.createGateway();
    await second.gateway.start();
    const token = await world.mint(session);
    const attempts = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        attempt(world.url(session, index % 2 === 0 ? gateway : second.gateway), token),
      ),
    );
    const codes = attempts.map(({ code }) => code);
    assert.equal(codes.filter((code) => code === undefined).length, 1);
    assert.equal(codes.filter((code) => code === 4409).length, 49);
    for (const { client } of attempts) client.terminate();
    await second.gateway.stop();
    await pod.stop();
  });

  test("and not as many as there are at once where a cap says fewer", async () => {
    const session = await world.createSession();
    const pod = await startPod(session.podSecret, session.podIp);
    const small = world.createGateway({
      caps: { pending: 99, pendingPerAddress: 99, socketsPerSession: 9, socketsPerUser: 3 },
    });
    await small.gateway.start();
    const tokens = await Promise.all(Array.from({ length: 10 }, () => world.mint(session)));
    const attempts = await Promise.all(tokens.map((token) => attempt(world.url(session, small.gateway), token)));
    const codes = attempts.map(({ code }) => code);
    assert.equal(codes.filter((code) => code === undefined).length, 3);
    assert.equal(codes.filter((code) => code === 4429).length, 7);
    for (const { client } of attempts) client.terminate();
    await small.gateway.stop();
    await pod.stop();
  });
});

test("a stock ttyd is let in where the operator allows it", async () => {
  const session = await world.createSession({ terminal: "ttyd" });
  const pod = await startRawPod(async (socket) => {
    const { key } = await readRequest(socket);
    socket.write(podAnswer(session.podSecret, key, { "X-Cliscale-Proof": undefined }));
  }, session.podIp);
  assert.equal(await codeOf(world.url(session), protocolsOf(await world.mint(session))), 4503);
  const allowing = world.createGateway({ ttydAllowed: true });
  await allowing.gateway.start();
  const client = await attachRaw(allowing.gateway.port, session.id, await world.mint(session));
  assert.match(client.head, /^HTTP\/1.1 101 .*Sec-WebSocket-Protocol: tty\r\n/s);
  client.socket.destroy();
  await pod.stop();
  await allowing.gateway.stop();
});

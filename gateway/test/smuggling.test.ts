import assert from "node:assert/strict";
import { after, before, beforeEach, suite, test } from "node:test";
import { collect, connectRaw, handshakeBytes, protocolsOf } from "./support/client.ts";
import { clientFrame } from "./support/pods.ts";
import { gatewayRequest, type SpyPod, startSpyPod } from "./support/spyPod.ts";
import { startWorld, type TestSession, type World } from "./support/world.ts";

let world: World;
let session: TestSession;
let pod: SpyPod;
let path: string;

before(async () => {
  world = await startWorld();
  session = await world.createSession();
  pod = await startSpyPod(session.podSecret, session.podIp);
  path = `/ws/${session.id}`;
});
beforeEach(() => pod.clear());
after(async () => {
  await pod.stop();
  await world.stop();
});

const second = "GET /secret HTTP/1.1\r\nHost: smuggled.test\r\n\r\n";

/** What the gateway answers to these bytes, up to the end of the connection. */
async function answerTo(bytes: string | Buffer): Promise<Buffer> {
  const client = await connectRaw(world.gateway.port);
  const received = collect(client);
  const closed = new Promise((resolve) => client.once("close", resolve));
  client.on("end", () => client.end());
  client.write(bytes);
  await closed;
  return received.bytes();
}

const valid = async () => [path, protocolsOf(await world.mint(session))] as const;

suite("a request that could be read in two ways is refused, ends its connection, and reaches no pod", () => {
  const requests: Record<string, () => Promise<string>> = {
    "a body by length, which is another request": async () =>
      handshakeBytes(...(await valid()), { "Content-Length": String(second.length) }) + second,
    "a body in chunks": async () =>
      `${handshakeBytes(...(await valid()), { "Transfer-Encoding": "chunked" })}0\r\n\r\n${second}`,
    "a length and chunks": async () =>
      `${handshakeBytes(...(await valid()), { "Transfer-Encoding": "chunked", "Content-Length": "5" })}0\r\n\r\n${second}`,
    "two lengths": async () =>
      handshakeBytes(...(await valid()), { "Content-Length": "0\r\nContent-Length: 44" }) + second,
    "an upgrade to h2c": async () =>
      handshakeBytes(...(await valid()), {
        Connection: "Upgrade, HTTP2-Settings",
        Upgrade: "h2c",
        "HTTP2-Settings": "AAMAAABkAARAAAAAAAIAAAAA",
      }) + second,
    "the preface of HTTP/2": async () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "version 8 and then a request": async () =>
      handshakeBytes(...(await valid()), { "Sec-WebSocket-Version": "8" }) + second,
    "two versions": async () => handshakeBytes(...(await valid()), { "Sec-WebSocket-Version": "13, 8" }) + second,
    "two keys": async () =>
      handshakeBytes(...(await valid()), { "X-A": "b\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==" }) + second,
    "another method": async () => handshakeBytes(...(await valid()), {}, `POST ${path} HTTP/1.1`) + second,
    "a tunnel": async () => handshakeBytes(...(await valid()), {}, `CONNECT ${session.podIp}:7681 HTTP/1.1`) + second,
    "HTTP/1.0": async () => handshakeBytes(...(await valid()), {}, `GET ${path} HTTP/1.0`) + second,
    "a whole URL of the pod": async () =>
      handshakeBytes(...(await valid()), {}, `GET http://${session.podIp}:7681/ws HTTP/1.1`) + second,
    "a folded header": async () => handshakeBytes(...(await valid()), { "X-Folded": "a\r\n b" }) + second,
    "a space before a colon": async () => handshakeBytes(...(await valid()), { "Content-Length ": "44" }) + second,
    "a zero byte in a header": async () => handshakeBytes(...(await valid()), { "X-Zero": "a\0b" }) + second,
    "lines without a carriage return": async () => handshakeBytes(...(await valid())).replaceAll("\r\n", "\n") + second,
    "dots in the path": async () =>
      handshakeBytes(...(await valid()), {}, `GET /ws/../ws/${session.id} HTTP/1.1`) + second,
  };
  for (const [name, request] of Object.entries(requests)) {
    test(name, async () => {
      const answer = (await answerTo(await request())).toString("latin1");
      // The connection may also just be cut, where there is no telling who would read the answer.
      assert.match(answer, /^(HTTP\/1\.1 40[04] |$)/);
      assert.equal(answer.split("HTTP/1.1").length - 1, answer === "" ? 0 : 1, "the second request has no answer");
      assert.deepEqual(pod.requests, []);
    });
  }
});

test("headers that are too large, or too many, are refused by name", async () => {
  const token = await world.mint(session);
  const large = await answerTo(handshakeBytes(path, protocolsOf(token), { Cookie: "c".repeat(17_000) }));
  assert.match(large.toString("latin1"), /^HTTP\/1\.1 431 /);
  assert.deepEqual(pod.requests, []);
});

test("a request behind a valid handshake is bytes of a broken frame to the gateway, and nothing to the pod", async () => {
  const answer = await answerTo(handshakeBytes(path, protocolsOf(await world.mint(session))) + second);
  const close = answer.subarray(answer.indexOf("\r\n\r\n") + 4);
  assert.equal(close[0], 0x88);
  assert.equal(close.readUInt16BE(2), 4400);
  assert.deepEqual(pod.requests, [gatewayRequest(session.podSecret, session.podIp)]);
  assert.equal(pod.bytes().length, 0);
});

test("nothing of a handshake reaches the pod, whatever is in it", async () => {
  const client = await connectRaw(world.gateway.port);
  const received = collect(client);
  client.write(
    handshakeBytes(path, protocolsOf(await world.mint(session)), {
      "X-Forwarded-For": "127.0.0.1",
      Authorization: "Basic c4nary",
      Cookie: "c4nary=1",
      "Sec-WebSocket-Extensions": "permessage-deflate",
      "X-Cliscale-Proof": "A".repeat(43),
    }),
  );
  const answer = await received.until((bytes) => bytes.includes("\r\n\r\n"));
  assert.ok(!answer.includes("Extensions"));
  const frame = clientFrame(2, "0typed");
  client.write(frame);
  while (pod.bytes().length < frame.length) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(pod.requests, [gatewayRequest(session.podSecret, session.podIp)]);
  assert.ok(pod.bytes().equals(frame));
  client.destroy();
});

test("frames of any number and size pass, as only the pod can judge what they hold", async () => {
  const client = await connectRaw(world.gateway.port);
  const received = collect(client);
  client.write(handshakeBytes(path, protocolsOf(await world.mint(session))));
  await received.until((bytes) => bytes.includes("\r\n\r\n"));
  const empty = clientFrame(2, "");
  const fragments = [clientFrame(2, "0", false), ...Array.from({ length: 100 }, () => clientFrame(0, "", false))];
  const bytes = Buffer.concat([empty, ...fragments, clientFrame(0, "x"), clientFrame(2, Buffer.alloc(100_000))]);
  client.write(bytes);
  while (pod.bytes().length < bytes.length) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(pod.bytes().equals(bytes));
  client.destroy();
});

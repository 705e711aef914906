import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { after, before, suite, test } from "node:test";
import { endSession } from "@cliscale/db";
import type { Gateway } from "../src/gateway.ts";
import { attachTo, closed, closeOf, collect, connectRaw, handshakeBytes, protocolsOf } from "./support/client.ts";
import {
  clientFrame,
  nextPodIp,
  podAnswer,
  readRequest,
  serverFrame,
  shakeHandsAsPod,
  startPod,
  startRawPod,
} from "./support/pods.ts";
import { createSigner } from "./support/signer.ts";
import { allowedOrigin, startWorld, type TestSession, type World } from "./support/world.ts";

let world: World;
let gateway: Gateway;

before(async () => {
  world = await startWorld();
  ({ gateway } = world);
});
after(() => world.stop());

const forwarded = (addresses: string) => ({ headers: { "X-Forwarded-For": addresses } });
const codeOf = async (...args: Parameters<typeof closeOf>) => (await closeOf(...args)).code;

suite("a client is refused with", () => {
  let session: TestSession;
  before(async () => {
    session = await world.createSession();
  });

  test("4400: a token in the URL, two tokens, a session id that is no UUID", async () => {
    const token = await world.mint(session);
    const origin = `ws://127.0.0.1:${gateway.port}`;
    assert.equal(await codeOf(`${world.url(session)}?token=${token}`, ["tty"]), 4400);
    assert.equal(await codeOf(world.url(session), [...protocolsOf(token), "bearer.a.b.c"]), 4400);
    assert.equal(await codeOf(`${origin}/ws/1`, protocolsOf(token)), 4400);
    assert.equal(await codeOf(`${origin}/ws/${token}`, ["tty"]), 4400);
  });

  test("4403: an origin that is not on the list, however near", async () => {
    const origins = [
      "null",
      "https://evil.test",
      `${allowedOrigin}.evil.test`,
      `${allowedOrigin}/`,
      "http://127.0.0.1",
    ];
    for (const origin of [...origins, allowedOrigin.toUpperCase(), `${allowedOrigin}, ${allowedOrigin}`]) {
      assert.equal(await codeOf(world.url(session), protocolsOf("a.b.c"), { headers: { origin } }), 4403, origin);
    }
  });

  test("4401: no subprotocol, no token, one that is not ours, that is expired or has no row", async () => {
    const stranger = await createSigner();
    const expired = Math.floor(Date.now() / 1000) - 120;
    const tokens = [
      "a.b.c",
      "",
      await stranger.token({ sid: session.id }),
      await world.mint(session, { iat: expired, nbf: expired, exp: expired + 60 }),
      await world.mint(session, {}, false),
    ];
    for (const token of tokens) assert.equal(await codeOf(world.url(session), protocolsOf(token)), 4401);
    assert.equal(await codeOf(world.url(session), ["tty"]), 4401);
    assert.equal(await codeOf(world.url(session), []), 4401);
  });

  test("4401 by the database's clock, where the gateway's does not see it", async () => {
    const jti = randomUUID();
    const token = await world.mint(session, { jti });
    await world.pool.query("update token_jti set expires_at = now() - interval '1 second' where jti = $1", [jti]);
    assert.equal(await codeOf(world.url(session), protocolsOf(token)), 4401);
  });

  test("4403: a token for another session", async () => {
    const other = await world.createSession();
    assert.equal(await codeOf(world.url(other), protocolsOf(await world.mint(session))), 4403);
  });

  test("4404: a session that has ended, is past its lifetime, or is another user's", async () => {
    const [stopped, late, foreign] = [
      await world.createSession(),
      await world.createSession(),
      await world.createSession(),
    ];
    const tokens = await Promise.all([world.mint(stopped), world.mint(late), world.mint(foreign, { sub: "thief" })]);
    await endSession(world.pool, stopped.id, { reason: "stopped" });
    await world.pool.query("update sessions set expires_at = now() where id = $1", [late.id]);
    for (const [index, ended] of [stopped, late, foreign].entries()) {
      assert.equal(await codeOf(world.url(ended), protocolsOf(tokens[index]!)), 4404);
    }
  });

  test("4503: a pod that does not answer, within 3 s, and the token is spent", async () => {
    const silent = await startRawPod(() => {}, session.podIp);
    const token = await world.mint(session);
    const startedAt = performance.now();
    assert.equal(await codeOf(world.url(session), protocolsOf(token)), 4503);
    assert.ok(performance.now() - startedAt < 3_000);
    await silent.stop();
    assert.equal(await codeOf(world.url(session), protocolsOf(token)), 4409);
  });

  test("4503: a pod elsewhere than where pods are", async () => {
    for (const podIp of ["127.0.0.1", "169.254.169.254", "localhost", "127.66.0.1:80@example.test"]) {
      const elsewhere = await world.createSession({ podIp });
      assert.equal(await codeOf(world.url(elsewhere), protocolsOf(await world.mint(elsewhere))), 4503, podIp);
    }
  });

  test("4503: a pod that cannot prove itself, which gets no byte of the client's and gives it none", async () => {
    const target = await world.createSession();
    let atPod = Buffer.alloc(0);
    const impostor = await startRawPod(async (socket) => {
      const { key } = await readRequest(socket);
      socket.on("data", (chunk) => {
        atPod = Buffer.concat([atPod, chunk]);
      });
      const answer = podAnswer(target.podSecret, key, { "X-Cliscale-Proof": "A".repeat(43) });
      socket.write(Buffer.concat([Buffer.from(answer), serverFrame(2, "0impostor")]));
    }, target.podIp);
    const client = await connectRaw(gateway.port);
    const received = collect(client);
    const request = handshakeBytes(`/ws/${target.id}`, protocolsOf(await world.mint(target)));
    client.write(Buffer.concat([Buffer.from(request), clientFrame(2, "0typed early")]));
    const answer = await received.until((bytes) => bytes.includes(Buffer.from("\r\n\r\n\x88", "latin1")));
    assert.equal(answer.readUInt16BE(answer.indexOf("\r\n\r\n") + 6), 4503);
    client.write(clientFrame(8, ""));
    await once(client, "end");
    assert.ok(!received.bytes().includes("impostor"));
    assert.equal(atPod.length, 0);
    await impostor.stop();
  });
});

test("4503 says in words that trying again may help", async () => {
  const session = await world.createSession({ podIp: nextPodIp() });
  const { code, reason } = await closeOf(world.url(session), protocolsOf(await world.mint(session)));
  assert.equal(code, 4503);
  assert.match(reason, /try again/);
});

suite("refusals are checked in the contract's order", () => {
  test("each before the next", async () => {
    const session = await world.createSession();
    const pod = await startPod(session.podSecret, session.podIp);
    const other = await world.createSession();
    const small = world.createGateway({
      caps: { pending: 8, pendingPerAddress: 8, socketsPerSession: 1, socketsPerUser: 8 },
    });
    await small.gateway.start();
    const client = await attachTo(world.url(session, small.gateway), await world.mint(session));

    const used = await world.mint(session);
    await closed(await attachTo(world.url(session), used).then((socket) => (socket.close(), socket)));
    const evil = { origin: "https://evil.test" };
    const at = (target: TestSession) => world.url(target, small.gateway);
    // Each has the faults of those below it that a token can have at once.
    assert.equal(await codeOf(`${at(session)}?x`, protocolsOf("bad"), evil), 4400);
    assert.equal(await codeOf(at(session), protocolsOf("bad"), evil), 4403);
    assert.equal(await codeOf(at(other), protocolsOf(await world.mint(session, {}, false))), 4401);
    assert.equal(await codeOf(at(other), protocolsOf(used)), 4403);
    assert.equal(await codeOf(at(session), protocolsOf(used)), 4429);
    const fresh = await world.mint(session);
    assert.equal(await codeOf(at(session), protocolsOf(fresh)), 4429);

    client.close();
    await closed(client);
    await endSession(world.pool, session.id, { reason: "stopped" });
    assert.equal(await codeOf(at(session), protocolsOf(used)), 4409);
    assert.equal(await codeOf(at(session), protocolsOf(fresh)), 4404, "a refusal has burnt nothing");
    await small.gateway.stop();
    await pod.stop();
  });

  test("1012, then 4429 for handshakes under way, then all others", async () => {
    const session = await world.createSession();
    const turn = Promise.withResolvers<void>();
    const pod = await startRawPod(async (socket) => {
      await turn.promise;
      await shakeHandsAsPod(socket, session.podSecret);
    }, session.podIp);
    const small = world.createGateway({
      drainSeconds: 2,
      caps: { pending: 8, pendingPerAddress: 1, socketsPerSession: 8, socketsPerUser: 8 },
    });
    await small.gateway.start();
    const url = world.url(session, small.gateway);
    const reached = pod.connected();
    const pending = attachTo(url, await world.mint(session));
    await reached;
    assert.equal(await codeOf(`${url}?token`, protocolsOf("x"), { origin: "https://evil.test" }), 4429);
    const stopped = small.gateway.stop();
    assert.equal(await codeOf(`${url}?token`, protocolsOf("x")), 1012);
    turn.resolve();
    assert.equal((await closed(await pending)).code, 1012, "one that was under way is sent elsewhere once it is in");
    await stopped;
    await pod.stop();
  });

  test("addresses behind proxies are those that the proxies saw", async () => {
    const session = await world.createSession();
    const pod = await startRawPod(() => {}, session.podIp);
    const behind = world.createGateway(
      {
        proxyHops: 2,
        caps: { pending: 8, pendingPerAddress: 1, socketsPerSession: 8, socketsPerUser: 8 },
      },
      { pod: 300 },
    );
    await behind.gateway.start();
    const url = world.url(session, behind.gateway);
    const reached = pod.connected();
    const first = codeOf(url, protocolsOf(await world.mint(session)), forwarded("203.0.113.9, 198.51.100.1"));
    await reached;
    assert.equal(await codeOf(url, protocolsOf("x"), forwarded("spoofed, 203.0.113.9, 198.51.100.2")), 4429);
    assert.equal(await codeOf(url, protocolsOf("x"), forwarded("203.0.113.9, 203.0.113.10, 198.51.100.2")), 4401);
    assert.equal(await first, 4503);
    await behind.gateway.stop();
    await pod.stop();
  });
});

import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { after, before, suite, test } from "node:test";
import { attempt, closed, collect, connectRaw, handshakeBytes, protocolsOf } from "./support/client.ts";
import { gatewayEnv } from "./support/gatewayProcess.ts";
import { mutationsOf } from "./support/mutations.ts";
import { startPod } from "./support/pods.ts";
import { startProgram } from "./support/program.ts";
import { createSigner, type JwksServer, type Signer, startJwks } from "./support/signer.ts";
import { startWorld, type TestSession, type World } from "./support/world.ts";

let world: World;
let colleague: Signer;
let stranger: Signer;
let canary: JwksServer;

before(async () => {
  [colleague, stranger] = await Promise.all([createSigner(), createSigner()]);
  world = await startWorld();
  world.jwks.keys = [world.signer.jwk, colleague.jwk];
  canary = await startJwks([stranger.jwk]);
});
after(async () => {
  await canary.stop();
  await world.stop();
});

/** The close code, or the HTTP status, that a token meets; undefined where it lets in. */
async function outcomeOf(session: TestSession, token: string, port = world.gateway.port): Promise<number | undefined> {
  // What a subprotocol may not hold (RFC 6455 §4.1) a browser does not even send.
  if (/^[\w!#$%&'*+.^`|~-]+$/.test(token)) {
    const { client, code } = await attempt(`ws://127.0.0.1:${port}/ws/${session.id}`, token);
    if (code !== undefined) return code;
    client.close();
    await closed(client);
    return undefined;
  }
  const socket = await connectRaw(port);
  const received = collect(socket);
  socket.write(handshakeBytes(`/ws/${session.id}`, protocolsOf(token)));
  const head = (await received.until((bytes) => bytes.includes("\r\n\r\n"))).toString("latin1");
  socket.destroy();
  return Number(head.split(" ")[1]);
}

/** Connections that this process makes while a task runs, by the ports they lead to. */
async function connectionsOf(task: () => Promise<void>): Promise<Set<number | undefined>> {
  const ports = new Map<Socket, number | undefined>();
  const watch = (message: unknown) => {
    const { socket } = message as { socket: Socket };
    ports.set(socket, undefined);
    socket.once("connect", () => ports.set(socket, socket.remotePort));
  };
  subscribe("net.client.socket", watch);
  try {
    await task();
  } finally {
    unsubscribe("net.client.socket", watch);
  }
  return new Set(ports.values());
}

async function isUnused(jti: string): Promise<boolean> {
  const { rows } = await world.pool.query<{ consumed_at: Date | null }>(
    "select consumed_at from token_jti where jti = $1",
    [jti],
  );
  return rows[0]?.consumed_at === null;
}

test("every mutation of a token is refused, asks nobody for anything and burns nothing; the token enters then, once", async () => {
  // Keys are fetched anew, so that the colleague's is known.
  const { gateway } = world.createGateway();
  await gateway.start();
  const session = await world.createSession();
  const pod = await startPod(session.podSecret, session.podIp);
  const jti = randomUUID();
  const token = await world.mint(session, { jti });
  const mutations = mutationsOf({ token, signer: world.signer, colleague, stranger, canary: canary.url });
  assert.equal(
    new Set(mutations.map((mutation) => mutation.token)).size,
    mutations.length,
    "no mutation stands for two",
  );
  assert.ok(mutations.length > 150);
  const requests = world.jwks.requests;
  const databasePort = Number(new URL(world.databaseUrl).port);

  const ports = await connectionsOf(async () => {
    for (const mutation of mutations) {
      assert.notEqual(mutation.token, token);
      const outcome = await outcomeOf(session, mutation.token, gateway.port);
      assert.ok(outcome === 4401 || outcome === 4403 || outcome === 400, `${mutation.name}: ${outcome}`);
      assert.ok(await isUnused(jti), `${mutation.name} has spent the token`);
    }
  });
  assert.deepEqual(
    [...ports].filter((port) => port !== gateway.port && port !== databasePort),
    [],
  );
  assert.deepEqual([world.jwks.requests, canary.requests, await pod.connections()], [requests, 0, 0]);

  assert.equal(await outcomeOf(session, token, gateway.port), undefined);
  assert.equal(await outcomeOf(session, token, gateway.port), 4409);
  await gateway.stop();
  await pod.stop();
});

test("a thousand key ids that nobody has cause one fetch of the list, and no other connection", async () => {
  const { gateway } = world.createGateway();
  await gateway.start();
  const session = await world.createSession();
  const requests = world.jwks.requests;
  const tokens = await Promise.all(
    Array.from({ length: 1000 }, () =>
      stranger.token({ sub: session.owner, sid: session.id }, { kid: randomBytes(32).toString("base64url") }),
    ),
  );
  for (let first = 0; first < tokens.length; first += 100) {
    const outcomes = await Promise.all(
      tokens.slice(first, first + 100).map((token) => outcomeOf(session, token, gateway.port)),
    );
    assert.deepEqual(new Set(outcomes), new Set([4401]));
  }
  assert.equal(world.jwks.requests, requests + 1);
  await gateway.stop();
});

suite("two gateway processes", () => {
  test("let one of 50 sockets in that race with one token and its other spellings", async () => {
    const gateways = await Promise.all([startProgram(gatewayEnv(world)), startProgram(gatewayEnv(world))]);
    const session = await world.createSession();
    const pod = await startPod(session.podSecret, session.podIp);
    try {
      for (let round = 0; round < 10; round += 1) {
        const token = await world.mint(session);
        const others = mutationsOf({ token, signer: world.signer, colleague, stranger, canary: canary.url }).filter(
          ({ name }) => name.startsWith("spare bits"),
        );
        const racers = [...Array.from({ length: 50 }, () => ({ name: "the token", token })), ...others].map(
          (racer, index) => ({ ...racer, port: gateways[index % 2]!.port }),
        );
        const outcomes = await Promise.all(
          racers.map(async ({ name, token: raced, port }) => ({ name, code: await outcomeOf(session, raced, port) })),
        );
        const codesOf = (isToken: boolean) =>
          outcomes.filter(({ name }) => (name === "the token") === isToken).map(({ code }) => code);
        assert.equal(codesOf(true).filter((code) => code === undefined).length, 1);
        assert.equal(codesOf(true).filter((code) => code === 4409).length, 49);
        assert.deepEqual(new Set(codesOf(false)), new Set([4401]));
      }
      assert.equal(canary.requests, 0);
    } finally {
      await Promise.all(gateways.map((gateway) => gateway.end()));
      await pod.stop();
    }
  });
});

import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { attachTo, closed, connectRaw, handshakeBytes } from "./support/client.ts";
import { gatewayEnv } from "./support/gatewayProcess.ts";
import { startProgram } from "./support/program.ts";
import { sized } from "./support/size.ts";
import { startTerminalWorld, type TerminalWorld } from "./support/terminalWorld.ts";

let { world, session, stop } = {} as TerminalWorld;

before(async () => {
  ({ world, session, stop } = await startTerminalWorld());
});
after(() => stop());

const request = handshakeBytes("/ws/7f8b4a2e-0000-4000-8000-000000000000", ["tty"]);
const withBody = request.replace("\r\n\r\n", "\r\nContent-Length: 1000\r\n\r\n").replace("GET", "POST");

/** Ways to hold a connection without ever getting to the end of a request. */
const manners: ((socket: Socket) => void)[] = [
  () => {},
  (socket) => void socket.write("GET"),
  (socket) => void socket.write(request.slice(0, -2)),
  (socket) => drip(socket, request),
  (socket) => drip(socket, withBody),
];

function drip(socket: Socket, text: string): void {
  let position = 0;
  const timer = setInterval(() => socket.write(text[position++ % text.length]!), 500);
  socket.on("close", () => clearInterval(timer));
}

test("connections that never come to the end of a request harm nobody, and all are cut", async () => {
  const count = sized(400, 2_000);
  const program = await startProgram(gatewayEnv(world));
  const startedAt = performance.now();
  const sockets = await Promise.all(Array.from({ length: count }, () => connectRaw(program.port)));
  let left = count;
  const allCut = Promise.withResolvers<void>();
  for (const [index, socket] of sockets.entries()) {
    socket.resume().on("close", () => {
      left -= 1;
      if (left === 0) allCut.resolve();
    });
    manners[index % manners.length]!(socket);
  }
  await delay(500);
  assert.equal(left, count);
  for (let index = 0; index < 20; index += 1) {
    const attachedAt = performance.now();
    const client = await attachTo(`ws://127.0.0.1:${program.port}/ws/${session.id}`, await world.mint(session));
    client.send("0hello");
    await once(client, "message");
    assert.ok(performance.now() - attachedAt < 3_000);
    client.close();
    await closed(client);
  }
  await Promise.race([allCut.promise, delay(15_000 - (performance.now() - startedAt))]);
  assert.equal(left, 0, `${left} of ${count} connections are left after 15 s`);
  const { body } = await program.admin("/metrics");
  assert.match(body, /cliscale_gateway_attaches_total\{outcome="http408"\} \d/);
  assert.equal(await program.end(), 0, program.log());
});

test("where too many wait, those that have waited longest make room", async () => {
  const maximum = 10;
  const small = world.createGateway({
    caps: { pending: maximum, pendingPerAddress: maximum, socketsPerSession: 8, socketsPerUser: 8 },
  });
  await small.gateway.start();
  const sockets: Socket[] = [];
  for (let index = 0; index < 3 * maximum; index += 1) sockets.push(await connectRaw(small.gateway.port));
  for (const socket of sockets.slice(0, 2 * maximum)) {
    socket.resume();
    if (!socket.closed) await once(socket, "close");
  }
  assert.deepEqual(new Set(sockets.slice(2 * maximum).map(({ closed: isClosed }) => isClosed)), new Set([false]));
  const client = await attachTo(world.url(session, small.gateway), await world.mint(session));
  client.close();
  await closed(client);
  for (const socket of sockets) socket.destroy();
  await small.gateway.stop();
});

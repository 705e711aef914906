import assert from "node:assert/strict";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { migrate } from "@cliscale/db/migrate";
import { findFreePort } from "@cliscale/local/ports";
import { type Postgres, startPostgres } from "@cliscale/local/postgres";
import type { WebSocket } from "ws";
import { attachTo, attempt } from "./support/client.ts";
import { gatewayEnv } from "./support/gatewayProcess.ts";
import { startPod, type TerminalPod } from "./support/pods.ts";
import { type Program, startProgram } from "./support/program.ts";
import { startWorld, type TestSession, type World } from "./support/world.ts";

let folder: string;
let postgres: Postgres;
let network: Network;
let world: World;
let session: TestSession;
let pod: TerminalPod;

/** A way to PostgreSQL that can fall silent. */
interface Network {
  port: number;
  freeze(frozen: boolean): void;
  stop(): void;
}

const startServer = (port: number) => startPostgres({ folder: join(folder, "postgres"), port, durable: false });

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "cliscale-outage-"));
  await chmod(folder, 0o755);
  postgres = await startServer(await findFreePort());
  await migrate(postgres.url);
  world = await startWorld({}, {}, { databaseUrl: postgres.url });
  network = await startNetwork(portOf(postgres));
});

beforeEach(async () => {
  await pod?.stop();
  session = await world.createSession();
  pod = await startPod(session.podSecret, session.podIp);
});

after(async () => {
  await pod.stop();
  network.stop();
  await world.stop();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
});

async function withProgram(env: Record<string, string>, use: (program: Program) => Promise<void>): Promise<void> {
  const program = await startProgram({ ...gatewayEnv(world), ...env });
  try {
    await use(program);
  } finally {
    assert.equal(await program.end(), 0, program.log());
  }
}

const urlAt = (program: Program) => `ws://127.0.0.1:${program.port}/ws/${session.id}`;

async function echoes(client: WebSocket): Promise<void> {
  client.send(Buffer.from("0still here"));
  assert.equal(String((await once(client, "message"))[0]), "0still here");
}

/** A new attach fails with 4503 within 3 s, while live sockets go on and the gateway stays in service. */
async function isOutage(program: Program, live: WebSocket, token: string): Promise<void> {
  const startedAt = performance.now();
  assert.equal((await attempt(urlAt(program), token)).code, 4503);
  assert.ok(performance.now() - startedAt < 3_000);
  await echoes(live);
  assert.equal((await program.admin("/healthz")).status, 200);
  assert.equal((await program.admin("/readyz")).status, 200);
}

test("while PostgreSQL is stopped live sockets go on, and afterwards new ones attach again", () =>
  withProgram({}, async (program) => {
    const live = await attachTo(urlAt(program), await world.mint(session));
    const tokens = [await world.mint(session), await world.mint(session)] as const;
    const port = portOf(postgres);
    await postgres.stop();
    await isOutage(program, live, tokens[0]);
    postgres = await startServer(port);
    await echoes(live);
    const { client, code } = await attempt(urlAt(program), await world.mint(session));
    assert.equal(code, undefined);
    for (const socket of [live, client]) socket.terminate();
  }));

test("while PostgreSQL is silent the same holds", () => {
  const url = new URL(world.databaseUrl);
  url.port = String(network.port);
  return withProgram({ CLISCALE_DATABASE_URL: url.href }, async (program) => {
    const live = await attachTo(urlAt(program), await world.mint(session));
    const tokens = [await world.mint(session), await world.mint(session)] as const;
    network.freeze(true);
    await isOutage(program, live, tokens[0]);
    network.freeze(false);
    await echoes(live);
    let recovered = await attempt(urlAt(program), tokens[1]);
    assert.equal(recovered.code, undefined);
    recovered.client.terminate();
    live.terminate();
  });
});

test("without keys it starts, refuses with 4503, and lets in as soon as there are some", async () => {
  world.jwks.status = 503;
  await withProgram({}, async (program) => {
    assert.equal((await program.admin("/readyz")).status, 200);
    world.jwks.status = 200;
    const { client, code } = await attempt(urlAt(program), await world.mint(session));
    assert.equal(code, undefined);
    world.jwks.status = 503;
    const second = await attempt(urlAt(program), await world.mint(session));
    assert.equal(second.code, undefined, "with the keys that it has");
    for (const socket of [client, second.client]) socket.terminate();
  });
  await withProgram({}, async (program) => {
    const startedAt = performance.now();
    assert.equal((await attempt(urlAt(program), await world.mint(session))).code, 4503);
    assert.ok(performance.now() - startedAt < 3_000);
  });
  world.jwks.status = 200;
});

function portOf({ url }: Postgres): number {
  return Number(new URL(url).port);
}

async function startNetwork(target: number): Promise<Network> {
  const sockets = new Set<Socket>();
  let isFrozen = false;
  const server: Server = createServer((client) => {
    const upstream = connect(target, "127.0.0.1");
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket
        .on("error", () => {})
        .on("close", () => {
          sockets.delete(socket);
          client.destroy();
          upstream.destroy();
        });
      if (isFrozen) socket.pause();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as { port: number }).port,
    freeze(frozen) {
      isFrozen = frozen;
      for (const socket of sockets) socket[frozen ? "pause" : "resume"]();
    },
    stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

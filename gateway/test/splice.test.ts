import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { endSession } from "@cliscale/db";
import { attachRaw, attachTo, closed, collect } from "./support/client.ts";
import { type GatewayProcess, startGatewayProcess } from "./support/gatewayProcess.ts";
import { clientFrame, serverFrame, startPod } from "./support/pods.ts";
import { startRawSession, startWorld, type World } from "./support/world.ts";

const binary = 2;
const close = 8;
const closeFrame = (code: number, reason = "") =>
  serverFrame(close, Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]));

let world: World;
before(async () => {
  world = await startWorld({}, { watch: 100, close: 1_000 });
});
after(() => world.stop());

async function attachClient() {
  const { session, pod } = await startRawSession(world);
  const atPod = pod.connected();
  const client = await attachTo(world.url(session), await world.mint(session));
  return { session, pod, atPod: await atPod, client };
}

async function attachRawClient() {
  const { session, pod } = await startRawSession(world);
  const atPod = pod.connected();
  const client = await attachRaw(world.gateway.port, session.id, await world.mint(session));
  return { session, pod, atPod: await atPod, client };
}

suite("when the pod's side ends, the client is told", () => {
  const ends: Record<string, { end: (pod: Socket) => unknown; code: number; reason?: string }> = {
    "1000 where the pod says so": { end: (pod) => pod.write(closeFrame(1000, "exited")), code: 1000, reason: "exited" },
    "4400 where the pod says so": {
      end: (pod) => pod.write(closeFrame(4400, "no hello")),
      code: 4400,
      reason: "no hello",
    },
    "4503 for the end of the connection": { end: (pod) => pod.end(), code: 4503 },
    "4503 for a reset": { end: (pod) => pod.resetAndDestroy(), code: 4503 },
    "4503 for another code": { end: (pod) => pod.write(closeFrame(1001)), code: 4503 },
    "4503 for a code that is the gateway's to say": {
      end: (pod) => pod.write(closeFrame(4404, "stopped")),
      code: 4503,
    },
    "4503 for no code": { end: (pod) => pod.write(serverFrame(close, "")), code: 4503 },
    "4503 for a masked frame": { end: (pod) => pod.write(clientFrame(binary, "0x")), code: 4503 },
    "4503 for a reserved bit": { end: (pod) => pod.write(Buffer.from([0xc2, 1, 0x30])), code: 4503 },
  };
  for (const [name, { end, code, reason }] of Object.entries(ends)) {
    test(name, async () => {
      const { pod, atPod, client } = await attachClient();
      const messages: string[] = [];
      client.on("message", (message: Buffer) => messages.push(message.toString()));
      atPod.write(serverFrame(binary, "0before"));
      end(atPod);
      const by = await closed(client);
      assert.equal(by.code, code);
      if (reason !== undefined) assert.equal(by.reason, reason);
      if (name !== "4503 for a reset") assert.deepEqual(messages, ["0before"]);
      await pod.stop();
    });
  }

  test("4404 and the reason where the session is over, whatever the pod says", async () => {
    for (const end of [(pod: Socket) => pod.end(), (pod: Socket) => pod.write(closeFrame(1011))]) {
      const { session, pod, atPod, client } = await attachClient();
      await endSession(world.pool, session.id, { reason: "idle" });
      end(atPod);
      assert.deepEqual(await closed(client), { code: 4404, reason: "idle" });
      await pod.stop();
    }
  });

  test("nothing in the middle of a frame: it is cut, and no byte is made up", async () => {
    const { pod, atPod, client } = await attachRawClient();
    const frame = serverFrame(binary, "0whole message").subarray(0, 7);
    atPod.end(frame);
    await once(client.socket, "end");
    assert.ok(client.frames().equals(frame));
    await pod.stop();
  });
});

suite("a client's own close", () => {
  test("is answered by the pod, whatever its code", async () => {
    const session = await world.createSession();
    const pod = await startPod(session.podSecret, session.podIp);
    const terminal = pod.attached();
    const client = await attachTo(world.url(session), await world.mint(session));
    const atPod = closed(await terminal);
    client.close(4001, "detached");
    assert.deepEqual(await closed(client), { code: 4001, reason: "detached" });
    assert.deepEqual(await atPod, { code: 4001, reason: "detached" });
    await pod.stop();
  });
});

suite("a violation of the protocol is 4400", () => {
  const violations: Record<string, Buffer> = {
    "an unmasked frame": serverFrame(binary, "0x"),
    "a reserved bit": Buffer.from([0xc2, 0x81, 0, 0, 0, 0, 0x30]),
    "an unknown opcode": clientFrame(3, "0x"),
    "an oversize ping": clientFrame(9, Buffer.alloc(126)),
  };
  for (const [name, bytes] of Object.entries(violations)) {
    test(`${name}, of which the pod sees nothing`, async () => {
      const { pod, atPod, client } = await attachRawClient();
      const received = collect(atPod);
      const good = clientFrame(binary, "0good");
      client.socket.write(Buffer.concat([good, bytes, good]));
      await client.until((frames) => frames.length >= 4);
      assert.equal(client.frames().readUInt16BE(2), 4400);
      client.socket.end(clientFrame(close, ""));
      await once(atPod, "end");
      assert.ok(received.bytes().equals(good));
      await pod.stop();
    });
  }
});

suite("an ended session's sockets are closed while its pod still runs", () => {
  test("with its reason, and the others stay", async () => {
    const [stopped, late, other] = [await attachClient(), await attachClient(), await attachClient()];
    const ended = Promise.all([closed(stopped.client), closed(late.client)]);
    await endSession(world.pool, stopped.session.id, { reason: "stopped" });
    await world.pool.query("update sessions set expires_at = now() where id = $1", [late.session.id]);
    assert.deepEqual(await ended, [
      { code: 4404, reason: "stopped" },
      { code: 4404, reason: "deadline" },
    ]);
    other.atPod.write(serverFrame(binary, "0still here"));
    assert.equal(String((await once(other.client, "message"))[0]), "0still here");
    await world.pool.query("delete from sessions where id = $1", [other.session.id]);
    assert.equal((await closed(other.client)).code, 4404);
    for (const { pod } of [stopped, late, other]) await pod.stop();
  });
});

test("both sockets are probed while they are idle", { skip: process.platform !== "linux" }, async () => {
  const { pod, atPod, client } = await attachRawClient();
  const { localPort: clientPort, remotePort: gatewayPort } = client.socket;
  const [toClient, toPod] = [await timerOf(gatewayPort, clientPort), await timerOf(atPod.remotePort, atPod.localPort)];
  assert.deepEqual([toClient, toPod], [keepAliveTimer, keepAliveTimer]);
  client.socket.destroy();
  await pod.stop();
});

suite("back-pressure", () => {
  let gateway: GatewayProcess;
  before(async () => {
    gateway = await startGatewayProcess(world, {});
  });
  after(() => gateway.stop());

  const mebibyte = 1024 * 1024;
  const frame = serverFrame(binary, randomBytes(64 * 1024));
  const total = 192;

  test("a client that reads nothing holds its pod back, costs little memory, and slows no other", async () => {
    const { session, pod } = await startRawSession(world);
    const atPod = pod.connected();
    const client = await attachRaw(gateway.port, session.id, await world.mint(session));
    const socket = await atPod;
    client.socket.removeAllListeners("data");
    client.socket.pause();
    const rss = await gateway.rss();
    const sent = createHash("sha256");
    const writing = (async () => {
      for (let bytes = 0; bytes < total * mebibyte; bytes += frame.length) {
        sent.update(frame);
        if (!socket.write(frame)) await once(socket, "drain");
      }
    })();
    const echo = await echoLatency(gateway);
    await delay(300);
    const accepted = (socket.bytesWritten - socket.writableLength) / mebibyte;
    assert.ok(accepted < 32, `the pod got rid of ${accepted} MiB`);
    assert.ok(echo < 500, `an echo took ${echo} ms`);
    const grown = ((await gateway.rss()) - rss) / mebibyte;
    assert.ok(grown < 48, `the gateway grew by ${grown} MiB`);

    const received = createHash("sha256");
    let bytes = 0;
    const whole = new Promise<void>((resolve) => {
      client.socket.on("data", (chunk) => {
        received.update(chunk);
        bytes += chunk.length;
        if (bytes >= Math.ceil((total * mebibyte) / frame.length) * frame.length) resolve();
      });
    });
    client.socket.resume();
    await Promise.all([writing, whole]);
    assert.equal(received.digest("hex"), sent.digest("hex"));
    client.socket.destroy();
    await pod.stop();
  });

  test("a pod that reads nothing holds its client back", async () => {
    const { session, pod } = await startRawSession(world);
    const atPod = pod.connected();
    const client = await attachRaw(gateway.port, session.id, await world.mint(session));
    (await atPod).pause();
    const typed = clientFrame(binary, Buffer.alloc(64 * 1024));
    for (let index = 0; index < 16 * total; index += 1) client.socket.write(typed);
    await delay(300);
    const accepted = (client.socket.bytesWritten - client.socket.writableLength) / mebibyte;
    assert.ok(accepted < 32, `the client got rid of ${accepted} MiB`);
    client.socket.destroy();
    await pod.stop();
  });
});

/** The kind of timer that runs for a connection, from https://docs.kernel.org/networking/proc_net_tcp.html. */
const keepAliveTimer = "02";
async function timerOf(localPort: number | undefined, remotePort: number | undefined): Promise<string | undefined> {
  const rows = (await readFile("/proc/net/tcp", "utf8")).split("\n").map((line) => line.trim().split(/\s+/));
  const row = rows.find(
    ([, local, remote]) => local?.endsWith(inHex(localPort)) && remote?.endsWith(inHex(remotePort)),
  );
  return row?.[5]?.slice(0, 2);
}

function inHex(port: number | undefined): string {
  return `:${port?.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** How long an echo takes through this gateway, in milliseconds. */
async function echoLatency(gateway: GatewayProcess): Promise<number> {
  const session = await world.createSession();
  const pod = await startPod(session.podSecret, session.podIp);
  const client = await attachTo(`ws://127.0.0.1:${gateway.port}/ws/${session.id}`, await world.mint(session));
  const startedAt = performance.now();
  client.send(Buffer.from("0echo"));
  await once(client, "message");
  client.terminate();
  await pod.stop();
  return performance.now() - startedAt;
}

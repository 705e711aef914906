import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { attachRaw, attachTo, closed } from "./support/client.ts";
import { type GatewayProcess, startGatewayProcess } from "./support/gatewayProcess.ts";
import { serverFrame, startPod } from "./support/pods.ts";
import { startRawSession, startWorld, type World } from "./support/world.ts";

const binary = 2;
const deadlines = { watch: 20, ping: 200, pong: 400 };
/** By when whoever does not answer has been let go of, a few times over. */
const longEnough = 2_000;

let world: World;
let gateway: GatewayProcess;

before(async () => {
  world = await startWorld();
  gateway = await startGatewayProcess(world, deadlines);
});
after(async () => {
  await gateway.stop();
  await world.stop();
});

const url = (id: string) => `ws://127.0.0.1:${gateway.port}/ws/${id}`;

suite("of peers that say nothing", () => {
  test("a client that answers a ping stays, and one that does not is cut", async () => {
    const session = await world.createSession();
    const pod = await startPod(session.podSecret, session.podIp);
    const mute = await attachRaw(gateway.port, session.id, await world.mint(session));
    await once(mute.socket, "close");
    assert.ok(mute.frames().equals(Buffer.from([0x89, 0])), "it was asked once, and told nothing else");

    const attached = pod.attached();
    const polite = await attachTo(url(session.id), await world.mint(session));
    await once(await attached, "pong");
    await delay(longEnough);
    assert.equal(polite.readyState, polite.OPEN);
    polite.terminate();
    await pod.stop();
  });

  test("a pod that answers a ping stays, and one that does not is given up", async () => {
    const { session, pod: mute } = await startRawSession(world);
    const lost = await attachTo(url(session.id), await world.mint(session));
    lost.send(Buffer.from("0typed"));
    assert.equal((await closed(lost)).code, 4503);
    const other = await world.createSession();
    const polite = await startPod(other.podSecret, other.podIp);
    const attached = polite.attached();
    const client = await attachTo(url(other.id), await world.mint(other));
    (await attached).removeAllListeners("message");
    client.send(Buffer.from("0typed"));
    await delay(longEnough);
    assert.equal(client.readyState, client.OPEN);
    client.terminate();
    await Promise.all([mute.stop(), polite.stop()]);
  });

  test("nobody is asked in the middle of a frame", async () => {
    const { session, pod } = await startRawSession(world);
    const connected = pod.connected();
    const client = await attachRaw(gateway.port, session.id, await world.mint(session));
    const atPod = await connected;
    const ping = Buffer.from([0x89, 0]);
    const frame = serverFrame(binary, Buffer.alloc(1000, "x"));
    atPod.write(frame.subarray(0, 500));
    await client.until((frames) => frames.length >= 500);
    // Where the machine was slow it was asked before.
    const asked = client.frames().subarray(0, 2).equals(ping) ? 2 : 0;
    await delay(deadlines.ping + deadlines.pong / 2);
    atPod.write(frame.subarray(500));
    await client.until((frames) => frames.length >= asked + frame.length);
    assert.ok(
      client
        .frames()
        .subarray(asked, asked + frame.length)
        .equals(frame),
    );
    client.socket.destroy();
    await pod.stop();
  });
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { connectRaw, handshakeBytes, protocolsOf } from "./support/client.ts";
import { type GatewayProcess, startGatewayProcess } from "./support/gatewayProcess.ts";
import { mintPatiently, type Pair, startPairs } from "./support/pairs.ts";
import { clientFrame, serverFrame, startRawPod } from "./support/pods.ts";
import { sized } from "./support/size.ts";
import { startWorld, type World } from "./support/world.ts";

/** Two descriptors a pair, here and in the gateway, of the 20,000 that a process often has at most. */
const pairsARound = sized(280, 9_500);
const rounds = sized(6, 10);
const earlyARound = sized(20, 200);
/** The gateway's own connections, to PostgreSQL and for its keys: those that it has at first are closed once they are idle. */
const ownConnections = 5;
const mebibyte = 1024 * 1024;
/** Where a heap stands between two collections is chance: less than what the pairs of one round take, and less in the mean. */
const slackMebibytes = 24;

const podClose = Buffer.from([0x88, 2, 0x03, 0xe8]);
const noFrame = Buffer.from([0xff, 0xff]);
/** More than the buffers of the kernel take. */
const flood = 16 * mebibyte;

/** Every way in which an attached terminal ends. */
const endings: ((pair: Pair) => void)[] = [
  ({ client, pod }) => {
    client.once("end", () => client.end(clientFrame(8, "")));
    pod.end(podClose);
  },
  ({ pod }) => void pod.end(),
  ({ pod }) => void pod.resetAndDestroy(),
  ({ client }) => void client.end(clientFrame(8, "")),
  ({ client }) => void client.end(),
  ({ client }) => void client.resetAndDestroy(),
  ({ client, pod }) => {
    client.resetAndDestroy();
    pod.resetAndDestroy();
  },
  // One side ends, the other holds on.
  ({ client, pod }) => {
    pod.allowHalfOpen = true;
    client.end();
  },
  ({ client, pod }) => {
    client.allowHalfOpen = true;
    pod.end();
  },
  ({ client }) => void client.write(noFrame),
  ({ pod }) => void pod.write(noFrame),
  ({ pod }) => void pod.end(serverFrame(2, Buffer.alloc(4096)).subarray(0, 1000)),
  // One side takes nothing of a flood.
  ({ client, pod }) => {
    client.pause();
    pod.write(serverFrame(2, Buffer.alloc(flood)));
  },
  ({ client, pod }) => {
    pod.pause();
    client.write(clientFrame(2, Buffer.alloc(flood)));
  },
];

/** The last two endings hold megabytes in this process, so only some pairs of a large round end in them. */
const floodsARound = 40;

test("round after round of every ending leaves neither descriptors nor memory behind", async (t) => {
  const world = await startWorld();
  // These clients and pods answer no pings, and a round may take longer than those are waited for.
  const slow = { attach: 30_000, verify: 30_000, consume: 30_000, pod: 30_000, ping: 3_600_000 };
  const gateway = await startGatewayProcess(world, { ...slow, close: 500, watch: 200, stall: 500 });
  const session = await world.createSession();
  const terminals = await startPairs(session);
  const base = await descriptors(gateway);
  const memory: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const pairs = await terminals.openAll(world, gateway.port, pairsARound);
    const open = (await descriptors(gateway)) - base;
    assert.ok(open >= 2 * pairsARound - ownConnections, `${open} descriptors for ${pairsARound} terminals`);
    for (const [index, pair] of pairs.entries()) end(pair, index);
    await leaveEarly(world, gateway);
    await gateway.noSocketsLeft(0, 30_000);
    for (const { client, pod } of pairs) {
      client.destroy();
      pod.destroy();
    }
    const left = (await descriptors(gateway)) - base;
    assert.ok(left <= 0, `${left} descriptors are left after round ${round + 1}`);
    memory.push((await gateway.rss()) / mebibyte);
    t.diagnostic(`round ${round + 1}: ${left} descriptors over the first count, ${memory.at(-1)!.toFixed(0)} MiB`);
  }
  const shown = memory.map((value) => value.toFixed(0)).join(" ");
  // The first round is left out, in which the gateway warms up.
  const [earlier, last] = [memory.slice(1, -3), memory.slice(-3)];
  assert.ok(mean(last) < mean(earlier) + slackMebibytes, `MiB after each round: ${shown}`);
  assert.equal(gateway.child.exitCode, null);
  await terminals.pod.stop();
  await gateway.stop();
  await world.stop();
});

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function end(pair: Pair, index: number): void {
  const few = index < floodsARound ? endings.length : endings.length - 2;
  endings[index % few]!(pair);
}

/** Clients that go away before they are answered: their pod takes its time. */
async function leaveEarly(world: World, gateway: GatewayProcess): Promise<void> {
  const session = await world.createSession();
  const pod = await startRawPod((socket) => void socket.resume(), session.podIp);
  for (let index = 0; index < earlyARound; index += 1) {
    const atPod = pod.connected();
    const client = (await connectRaw(gateway.port)).resume();
    client.write(handshakeBytes(`/ws/${session.id}`, protocolsOf(await mintPatiently(world, session))));
    // On a machine that is too busy the gateway may have refused it instead.
    await Promise.race([atPod, once(client, "end")]);
    if (index % 2 === 0) client.resetAndDestroy();
    else client.end();
    if (!client.closed) await Promise.race([once(client, "close"), delay(1_000)]);
  }
  await gateway.noSocketsLeft(2 * pairsARound, 30_000);
  await pod.stop();
}

async function descriptors(gateway: GatewayProcess): Promise<number> {
  return (await readdir(`/proc/${gateway.child.pid}/fd`)).length;
}

// Peers whose network is gone without a FIN or a reset: a wire to a network of their own is taken down.
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import type { Socket } from "node:net";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { WebSocket } from "ws";
import { attachTo, closed, handshakeBytes, protocolsOf } from "./support/client.ts";
import { farNetworkMissing, type FarNetwork, startFarNetwork } from "./support/farNetwork.ts";
import { type GatewayProcess, startGatewayProcess } from "./support/gatewayProcess.ts";
import { podAnswer, podRange, readRequest, serverFrame, type Pod, startPod, startRawPod } from "./support/pods.ts";
import { sized } from "./support/size.ts";
import { startWorld, type TestSession, type World } from "./support/world.ts";

/** How many of each kind vanish. */
const count = sized(3, 100);
const noticedWithin = 60_000;
const binary = 2;
/** More than the buffers of the kernel take. */
const flood = Buffer.alloc(16 * 1024 * 1024);
const floodFrame = serverFrame(binary, flood);

/** What waits for a peer when it is gone: nothing, less than the kernel's buffer, or more. */
const waiting = [undefined, Buffer.from("0line"), flood];
/** Of clients, and of pods. */
const kinds = count * waiting.length;

suite("peers that vanish", { skip: await farNetworkMissing(), timeout: 240_000 }, () => {
  let world: World;
  let far: FarNetwork;
  let gateway: GatewayProcess;
  const nearPods: Pod[] = [];
  const clients: WebSocket[] = [];

  before(async () => {
    far = await startFarNetwork();
    world = await startWorld();
    gateway = await startGatewayProcess(
      world,
      {},
      { CLISCALE_GATEWAY_HOST: "0.0.0.0", CLISCALE_POD_RANGE: `${podRange},${far.farIp}/32` },
    );
  });
  after(async () => {
    await far?.remove();
    for (const client of clients) client.terminate();
    for (const pod of nearPods) await pod.stop();
    await gateway?.stop();
    await world?.stop();
  });

  /** Clients over there of a pod here, and its end of each. */
  async function attachFarClients(): Promise<Socket[]> {
    const session = await world.createSession();
    const pod = await startRawPod(answering(session), session.podIp);
    nearPods.push(pod);
    const atPod: Socket[] = [];
    for (let index = 0; index < kinds; index += 1) {
      const connected = pod.connected();
      await far.order({
        do: "attach",
        port: gateway.port,
        sessionId: session.id,
        token: await world.mint(session),
      });
      atPod.push(await connected);
    }
    return atPod;
  }

  /** Clients over there in the middle of their attach; their pod answers when it is told to. */
  async function beginFarAttaches(): Promise<() => void> {
    const session = await world.createSession();
    const answers: (() => void)[] = [];
    const pod = await startRawPod(async (socket) => {
      const { key } = await readRequest(socket);
      socket.resume();
      answers.push(() => void socket.write(podAnswer(session.podSecret, key)));
    }, session.podIp);
    nearPods.push(pod);
    for (let index = 0; index < count; index += 1) {
      const text = handshakeBytes(`/ws/${session.id}`, protocolsOf(await world.mint(session)));
      const connected = pod.connected();
      await far.order({ do: "say", port: gateway.port, text });
      await far.order({ do: "say", port: gateway.port, text: text.slice(0, 100) });
      await connected;
    }
    while (answers.length < count) await delay(5);
    return () => {
      for (const answer of answers) answer();
    };
  }

  async function startFarPods(): Promise<{ answering: TestSession; mute: TestSession }> {
    const [one, mute] = [
      await world.createSession({ podIp: far.farIp }),
      await world.createSession({ podIp: far.farIp }),
    ];
    await far.order({
      do: "serve",
      pods: [
        { podSecret: one.podSecret, mute: false },
        { podSecret: mute.podSecret, mute: true },
      ],
    });
    return { answering: one, mute };
  }

  /** A client on this side, which answers pings. */
  async function attachNear(session: TestSession): Promise<WebSocket> {
    const client = await attachTo(`ws://127.0.0.1:${gateway.port}/ws/${session.id}`, await world.mint(session));
    client.on("error", () => {});
    clients.push(client);
    return client;
  }

  /** Terminals on this side, of which one end talks and the other has nothing to say but the answers to pings. */
  async function attachQuiet(): Promise<{ pings: () => number[]; isOpen: () => boolean }> {
    const session = await world.createSession();
    const pod = await startPod(session.podSecret, session.podIp);
    nearPods.push(pod);
    const open: WebSocket[] = [];
    const pings: number[] = [];
    for (const silent of ["client", "pod"]) {
      const attached = pod.attached();
      const client = await attachNear(session);
      const terminal = await attached;
      terminal.removeAllListeners("message");
      const [talking, listening] = silent === "client" ? [terminal, client] : [client, terminal];
      const number = pings.push(0) - 1;
      listening.on("ping", () => (pings[number]! += 1));
      talking.send(Buffer.from("0line"));
      open.push(client);
    }
    return { pings: () => pings, isOpen: () => open.every((client) => client.readyState === client.OPEN) };
  }

  test("idle, while data waits for them, and in the middle of an attach, are let go of within a minute", async () => {
    const base = await descriptors(gateway);
    const pods = await startFarPods();
    const quiet = await attachQuiet();
    const others = (await descriptors(gateway)) - base;
    const atPod = await attachFarClients();
    const ofFarPods: WebSocket[] = [];
    for (let index = 0; index < kinds; index += 1) ofFarPods.push(await attachNear(pods.answering));
    assert.equal((await descriptors(gateway)) - base - others, 4 * kinds);
    const closes = Promise.all(ofFarPods.map(closed));

    const answerFarAttaches = await beginFarAttaches();
    await far.cut();
    const deadline = performance.now() + noticedWithin;
    answerFarAttaches();
    for (let index = 0; index < kinds; index += 1) {
      const data = waiting[index % waiting.length];
      if (!data) continue;
      atPod[index]!.write(data === flood ? floodFrame : serverFrame(binary, data));
      ofFarPods[index]!.send(data);
    }
    for (const socket of atPod) socket.resume();
    // After the floods, which keep this process busy for seconds on a slow machine: the database would not wait that long.
    const refusals = Promise.all(Array.from({ length: count }, async () => closed(await attachNear(pods.mute))));

    await gateway.noSocketsLeft(others, deadline - performance.now());
    assert.ok((await descriptors(gateway)) - base <= others);
    assert.equal(atPod.filter((socket) => !socket.closed).length, 0);
    for (const { code } of [...(await closes), ...(await refusals)]) assert.equal(code, 4503);
    assert.ok(quiet.isOpen(), "who merely has nothing to say stays attached");
    assert.ok(
      quiet.pings().every((pings) => pings > 0),
      "and is asked",
    );
  });
});

function answering({ podSecret }: TestSession): (socket: Socket) => Promise<void> {
  return async (socket) => {
    const { key } = await readRequest(socket);
    socket.write(podAnswer(podSecret, key));
  };
}

async function descriptors({ child }: GatewayProcess): Promise<number> {
  return (await readdir(`/proc/${child.pid}/fd`)).length;
}

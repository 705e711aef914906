import { once } from "node:events";
import type { Socket } from "node:net";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { attachRaw, connectRaw, handshakeBytes, protocolsOf } from "./support/client.ts";
import {
  clientFrame,
  podAnswer,
  type RawPod,
  readRequest,
  serverFrame,
  shakeHandsAsPod,
  startRawPod,
} from "./support/pods.ts";
import { type GatewayProcess, startGatewayProcess } from "./support/gatewayProcess.ts";
import { startWorld, type World } from "./support/world.ts";

const count = 20;
const close = (code: number) => Buffer.from([0x88, 2, code >> 8, code & 0xff]);

let world: World;
let gateway: GatewayProcess;

before(async () => {
  world = await startWorld();
  gateway = await startGatewayProcess(world, { close: 300, watch: 100, stall: 200, headers: 300 });
});
after(async () => {
  await gateway.stop();
  await world.stop();
});

interface Pair {
  client: Socket;
  pod: Socket;
}

/** Attaches many clients to a pod, and checks at the end that nothing is left of them in the gateway. */
async function withPairs(use: (pairs: Pair[]) => Promise<void> | void): Promise<void> {
  const session = await world.createSession();
  const pod = await startRawPod((socket) => shakeHandsAsPod(socket, session.podSecret), session.podIp);
  const pairs: Pair[] = [];
  for (let index = 0; index < count; index += 1) {
    const atPod = pod.connected();
    const client = await attachRaw(gateway.port, session.id, await world.mint(session));
    pairs.push({ client: client.socket, pod: await atPod });
  }
  await use(pairs);
  await nothingLeft(pod, pairs);
}

async function nothingLeft(pod: RawPod, pairs: Pair[] = []): Promise<void> {
  await gateway.noSocketsLeft();
  for (const { client, pod: socket } of pairs) {
    client.destroy();
    socket.destroy();
  }
  await pod.stop();
}

suite("nothing is left on either side when", () => {
  test("the pod sends a Close frame and ends, and the client answers", () =>
    withPairs((pairs) => {
      for (const { client, pod } of pairs) {
        pod.end(close(1000));
        client.on("end", () => client.end(clientFrame(8, "")));
      }
    }));

  test("the pod ends without a word", () =>
    withPairs((pairs) => {
      for (const { client, pod } of pairs) {
        client.on("end", () => client.end());
        pod.end();
      }
    }));

  test("the pod resets", () =>
    withPairs((pairs) => {
      for (const { client, pod } of pairs) {
        client.on("end", () => client.end());
        pod.resetAndDestroy();
      }
    }));

  test("the client sends a Close frame and ends", () =>
    withPairs((pairs) => {
      for (const { client } of pairs) client.end(clientFrame(8, ""));
    }));

  test("the client ends without a word", () =>
    withPairs((pairs) => {
      for (const { client } of pairs) client.end();
    }));

  test("the client resets", () =>
    withPairs((pairs) => {
      for (const { client } of pairs) client.resetAndDestroy();
    }));

  test("both reset at once", () =>
    withPairs((pairs) => {
      for (const { client, pod } of pairs) {
        client.resetAndDestroy();
        pod.resetAndDestroy();
      }
    }));

  test("the client ends and the pod holds on", () =>
    withPairs((pairs) => {
      for (const { client, pod } of pairs) {
        pod.allowHalfOpen = true;
        client.end();
      }
    }));

  test("the client sends a Close frame that the pod never answers, and holds on", () =>
    withPairs((pairs) => {
      for (const { client, pod } of pairs) {
        pod.allowHalfOpen = true;
        client.allowHalfOpen = true;
        client.write(clientFrame(8, ""));
      }
    }));

  test("the pod ends and the client holds on and goes on talking", () =>
    withPairs((pairs) => {
      for (const { client, pod } of pairs) {
        client.allowHalfOpen = true;
        const timer = setInterval(() => client.write(clientFrame(2, "0more")), 20);
        client.on("close", () => clearInterval(timer));
        pod.end();
      }
    }));

  test("the client takes nothing more while the pod floods it, and then the pod resets", () =>
    withPairs(async (pairs) => {
      const flood = serverFrame(2, Buffer.alloc(4_000_000));
      for (const { client, pod } of pairs.slice(0, 5)) {
        client.pause();
        pod.write(flood);
      }
      await delay(100);
      for (const { pod } of pairs) pod.resetAndDestroy();
    }));

  test("the pod takes nothing more of what the client has typed before it left", () =>
    withPairs(async (pairs) => {
      for (const { client, pod } of pairs.slice(0, 5)) {
        pod.pause();
        client.write(clientFrame(2, Buffer.alloc(8_000_000)));
      }
      await delay(100);
      for (const { client } of pairs) client.resetAndDestroy();
    }));
});

suite("nothing is left on either side when before the 101", () => {
  const leave: Record<string, (client: Socket) => void> = {
    "the client ends": (client) => client.end(),
    "the client resets": (client) => client.resetAndDestroy(),
    "the client has sent bytes early and resets": (client) =>
      void client.write(clientFrame(2, "0early"), () => client.resetAndDestroy()),
  };
  for (const [name, go] of Object.entries(leave)) {
    test(`${name} while the pod takes its time`, async () => {
      const session = await world.createSession();
      const answers: (() => void)[] = [];
      const pod = await startRawPod(async (socket) => {
        const { key } = await readRequest(socket);
        answers.push(() => void socket.write(podAnswer(session.podSecret, key)));
      }, session.podIp);
      for (let index = 0; index < count; index += 1) {
        const atPod = pod.connected();
        const client = await connectRaw(gateway.port);
        client.write(handshakeBytes(`/ws/${session.id}`, protocolsOf(await world.mint(session))));
        await atPod;
        go(client.resume());
        if (!client.destroyed) await Promise.race([once(client, "close"), delay(1_500)]);
      }
      for (const answer of answers) answer();
      await nothingLeft(pod);
    });
  }

  test("the client sends half a request and no more", async () => {
    const clients = await Promise.all(Array.from({ length: 10 }, () => connectRaw(gateway.port)));
    for (const client of clients.slice(0, 5)) client.write("GET /ws/");
    await Promise.all(clients.map((client) => once(client.resume(), "close")));
    await gateway.noSocketsLeft();
  });
});

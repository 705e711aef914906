import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { BlockList, Socket } from "node:net";
import { suite, test } from "node:test";
import type { AttachTarget } from "@cliscale/db";
import { podProof, proofHeader } from "@cliscale/service";
import { ClientLeft, Departure } from "../src/client/departure.ts";
import { PodError } from "../src/pod/answer.ts";
import { dialPod, type DialOptions } from "../src/pod/dial.ts";
import type { PodSocket } from "../src/pod/podSocket.ts";
import { nextPodIp, podAnswer, podRange, type RawPod, readRequest, serverFrame, startRawPod } from "./support/pods.ts";
import { gatewayRequest } from "./support/spyPod.ts";

const podSecret = randomBytes(32).toString("base64url");
const [network, prefix] = podRange.split("/") as [string, string];

function dial(podIp: string, options: Partial<DialOptions & AttachTarget> = {}): Promise<PodSocket> {
  const range = new BlockList();
  range.addSubnet(network, Number(prefix));
  return dialPod(
    { podIp, podSecret, terminal: options.terminal ?? "runner" },
    {
      podRange: range,
      ttydAllowed: false,
      milliseconds: 1_000,
      departure: new Departure(new Socket()),
      ...options,
    },
  );
}

/** Dials a pod that answers the gateway's handshake like this. */
async function dialAnsweredBy(
  answer: (key: string) => string | Buffer,
  options: Partial<DialOptions & AttachTarget> = {},
) {
  const pod = await startRawPod(async (socket) => {
    const { key } = await readRequest(socket);
    socket.write(answer(key));
  });
  return { pod, dialled: dial(pod.ip, options) };
}

const withoutProof = (key: string) => podAnswer(podSecret, key, { [proofHeader]: undefined });

/** The gateway gives the pod up and leaves no connection behind. */
async function isGivenUp(pod: RawPod, dialled: Promise<Socket>, message?: RegExp): Promise<void> {
  await assert.rejects(dialled, (error) => error instanceof PodError && (message?.test(error.message) ?? true));
  while ((await pod.connections()) > 0) await new Promise((resolve) => setImmediate(resolve));
  await pod.stop();
}

test("the pod sees exactly the gateway's own handshake", async () => {
  const requests: string[] = [];
  const pod = await startRawPod(async (socket) => {
    const { head, key } = await readRequest(socket);
    requests.push(head.replace(key, "KEY"));
    socket.write(podAnswer(podSecret, key));
  });
  const socket = await dial(pod.ip);
  assert.deepEqual(requests, [gatewayRequest(podSecret, pod.ip)]);
  assert.ok(!requests[0]!.includes(podSecret));
  socket.destroy();
  await pod.stop();
});

test("what the pod sends right behind its answer is not lost, in whatever pieces it comes", async () => {
  const frame = serverFrame(2, "0hello");
  for (const cut of [1, 20, 90, 200]) {
    const pod = await startRawPod(async (socket) => {
      const { key } = await readRequest(socket);
      const bytes = Buffer.concat([Buffer.from(podAnswer(podSecret, key)), frame]);
      socket.write(bytes.subarray(0, cut));
      await new Promise((resolve) => setTimeout(resolve, 5));
      socket.write(bytes.subarray(cut));
    });
    const socket = await dial(pod.ip);
    const chunk = await new Promise<Buffer>((resolve) => socket.receive((bytes) => resolve(Buffer.from(bytes))));
    assert.ok(chunk.equals(frame), `cut at ${cut}`);
    socket.destroy();
    await pod.stop();
  }
});

suite("a pod is refused", () => {
  const answers: Record<string, { answer: (key: string) => string; message: RegExp }> = {
    "that cannot prove itself": {
      answer: withoutProof,
      message: /prove/,
    },
    "that proves itself for another session": {
      answer: (key) => podAnswer(podSecret, key, { [proofHeader]: podProof("another secret", key) }),
      message: /prove/,
    },
    "that repeats the proof of another handshake": {
      answer: (key) => podAnswer(podSecret, key, { [proofHeader]: podProof(podSecret, "AAAAAAAAAAAAAAAAAAAAAA==") }),
      message: /prove/,
    },
    "that redirects": {
      answer: () => "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n\r\n",
      message: /101/,
    },
    "that answers as HTTP/1.0": {
      answer: (key) => podAnswer(podSecret, key).replace("HTTP/1.1", "HTTP/1.0"),
      message: /101/,
    },
    "whose accept key is wrong": {
      answer: (key) => podAnswer(podSecret, key, { "Sec-WebSocket-Accept": "AAAAAAAAAAAAAAAAAAAAAAAAAAA=" }),
      message: /Accept/,
    },
    "that does not upgrade": { answer: (key) => podAnswer(podSecret, key, { Upgrade: "h2c" }), message: /upgrade/ },
    "whose Connection says otherwise": {
      answer: (key) => podAnswer(podSecret, key, { Connection: "keep-alive" }),
      message: /upgrade/,
    },
    "that chooses no subprotocol": {
      answer: (key) => podAnswer(podSecret, key, { "Sec-WebSocket-Protocol": undefined }),
      message: /subprotocol/,
    },
    "that chooses an extension": {
      answer: (key) => podAnswer(podSecret, key, { "Sec-WebSocket-Extensions": "permessage-deflate" }),
      message: /extension/,
    },
    "that folds a header": {
      answer: (key) => podAnswer(podSecret, key, { "X-Folded": "a\r\n b" }),
      message: /not HTTP/,
    },
    "that ends lines without a carriage return": {
      answer: (key) => podAnswer(podSecret, key).replace("\r\nUpgrade", "\nUpgrade"),
      message: /101/,
    },
    "that says a header twice": {
      answer: (key) => podAnswer(podSecret, key, { "sec-websocket-protocol": "tty" }),
      message: /twice/,
    },
    "whose answer is endless": { answer: () => `HTTP/1.1 101 ${"x".repeat(9_000)}`, message: /long/ },
    "whose answer is too long": {
      answer: (key) => podAnswer(podSecret, key, { "X-Long": "x".repeat(9_000) }),
      message: /long/,
    },
  };
  for (const [name, { answer, message }] of Object.entries(answers)) {
    test(name, async () => {
      const { pod, dialled } = await dialAnsweredBy(answer);
      await isGivenUp(pod, dialled, message);
    });
  }

  test("that is silent, or drips", async () => {
    const silent = await startRawPod((socket) => void socket.resume());
    await isGivenUp(silent, dial(silent.ip, { milliseconds: 100 }), /100 ms/);
    const dripping = await startRawPod((socket) => {
      const timer = setInterval(() => socket.write("H"), 5);
      socket.resume().on("close", () => clearInterval(timer));
    });
    await isGivenUp(dripping, dial(dripping.ip, { milliseconds: 100 }), /100 ms/);
  });

  test("that ends or resets the connection at any point of the handshake", async () => {
    for (const end of [(socket: Socket) => socket.end(), (socket: Socket) => socket.resetAndDestroy()]) {
      const atOnce = await startRawPod((socket) => void end(socket.resume()));
      await isGivenUp(atOnce, dial(atOnce.ip));
      const inTheMiddle = await startRawPod(async (socket) => {
        const { key } = await readRequest(socket);
        socket.write(podAnswer(podSecret, key).slice(0, 40), () => end(socket));
      });
      await isGivenUp(inTheMiddle, dial(inTheMiddle.ip));
    }
  });

  test("that does not listen", () => assert.rejects(dial(nextPodIp()), /cannot be reached/));
});

test("a pod is dialled nowhere but at an address literal in the range of pods", async () => {
  const targets = ["127.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "localhost", "metadata.google.internal"];
  for (const target of [...targets, `${nextPodIp()}:80@x`, ` ${nextPodIp()}`, "127.66.1", "0x7f420102", ""]) {
    await assert.rejects(dial(target), /range of pods/, target);
  }
});

test("a client that goes away ends the dialling", async () => {
  const client = new Socket();
  const pod = await startRawPod((socket) => {
    socket.once("data", () => client.destroy());
  });
  await assert.rejects(dial(pod.ip, { departure: new Departure(client) }), ClientLeft);
  await pod.stop();
});

test("a stock ttyd is let off the proof only where its session says so and the operator allows it", async () => {
  const allowed = await dialAnsweredBy(withoutProof, { terminal: "ttyd", ttydAllowed: true });
  (await allowed.dialled).destroy();
  await allowed.pod.stop();
  for (const options of [{ terminal: "ttyd" as const }, { ttydAllowed: true }]) {
    const { pod, dialled } = await dialAnsweredBy(withoutProof, options);
    await isGivenUp(pod, dialled, /prove/);
  }
});

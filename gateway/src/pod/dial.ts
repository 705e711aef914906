import { randomFillSync } from "node:crypto";
import { type BlockList, isIP } from "node:net";
import type { AttachTarget } from "@cliscale/db";
import { terminalPort, terminalProtocol } from "@cliscale/protocol";
import { terminalPath } from "@cliscale/service";
import type { Departure } from "../client/departure.ts";
import { ignoreError } from "../client/refuse.ts";
import { keepAliveMilliseconds } from "../deadlines.ts";
import { checkPodAnswer, PodError } from "./answer.ts";
import { PodSocket } from "./podSocket.ts";

export interface DialOptions {
  /** Where pods may be. */
  podRange: BlockList;
  /** Whether a session that says so is served by a stock ttyd, which cannot prove itself. */
  ttydAllowed: boolean;
  /** For connecting and the handshake together. */
  milliseconds: number;
  /** Of the client that the pod is dialled for. */
  departure: Departure;
}

const headBytes = 8 * 1024;
/** Of a Sec-WebSocket-Key. */
const keyBytes = 16;
/** Random bytes for keys to come, which cost the less the more are made at once. */
const randomStock = Buffer.allocUnsafeSlow(256 * keyBytes);
let randomUsed = randomStock.length;

/**
 * Connects to a session's pod by a handshake of the gateway's own and checks that it is the session's pod. The socket is past
 * its handshake, has an error listener, and still holds what the pod sent right after its answer.
 * @throws PodError, or ClientLeft; nothing is left open then.
 */
export async function dialPod(target: AttachTarget, options: DialOptions): Promise<PodSocket> {
  const { podRange, ttydAllowed, milliseconds, departure } = options;
  const host = podAddress(target.podIp, podRange);
  departure.throwIfLeft();
  const pod = connectTo(host);
  const late = () => pod.destroy(new PodError(`the pod did not answer within ${milliseconds} ms`));
  const timer = setTimeout(late, milliseconds);
  departure.onLeave = () => pod.destroy();
  try {
    await shakeHands(pod, host, target, ttydAllowed);
    return pod;
  } catch (error) {
    pod.destroy();
    departure.throwIfLeft();
    throw error instanceof PodError ? error : new PodError("the pod cannot be reached", { cause: error });
  } finally {
    clearTimeout(timer);
    departure.onLeave = undefined;
  }
}

/** Rows are written by others: only an address literal in the range of pods is ever dialled. */
function podAddress(podIp: string, podRange: BlockList): string {
  const version = isIP(podIp);
  if (version === 0 || !podRange.check(podIp, version === 6 ? "ipv6" : "ipv4")) {
    throw new PodError("the session's address is not in the range of pods");
  }
  return podIp;
}

function connectTo(host: string): PodSocket {
  const pod = new PodSocket();
  pod.on("error", ignoreError);
  pod.setNoDelay(true);
  pod.setKeepAlive(true, keepAliveMilliseconds);
  // Without a reader of its own it would not notice the end of what the pod sends.
  pod.connect({ host, port: terminalPort }).resume();
  return pod;
}

async function shakeHands(pod: PodSocket, host: string, target: AttachTarget, ttydAllowed: boolean): Promise<void> {
  const key = newWebSocketKey();
  pod.write(handshakeRequest(host, target.podSecret, key));
  const head = await readHead(pod);
  const proofRequired = !(ttydAllowed && target.terminal === "ttyd");
  checkPodAnswer(head, { key, podSecret: target.podSecret, proofRequired });
}

/** Sixteen bytes that nobody can foresee. */
function newWebSocketKey(): string {
  if (randomUsed === randomStock.length) {
    randomFillSync(randomStock);
    randomUsed = 0;
  }
  randomUsed += keyBytes;
  return randomStock.toString("base64", randomUsed - keyBytes, randomUsed);
}

/** Nothing in it comes from the client. */
function handshakeRequest(host: string, podSecret: string, key: string): string {
  return [
    `GET /${terminalPath(podSecret)}/ws HTTP/1.1`,
    `Host: ${host.includes(":") ? `[${host}]` : host}:${terminalPort}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Key: ${key}`,
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Protocol: ${terminalProtocol}`,
    "",
    "",
  ].join("\r\n");
}

/** Reads up to the empty line; what came after it goes back into the socket. */
async function readHead(pod: PodSocket): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let received = Buffer.alloc(0);
  pod.receive((bytes) => {
    received = Buffer.concat([received, bytes]);
    const end = received.indexOf("\r\n\r\n");
    if (end > headBytes || (end < 0 && received.length > headBytes))
      reject(new PodError("the pod's answer is too long"));
    if (end < 0) return;
    pod.putBack(received.subarray(end + 4));
    resolve(received.toString("latin1", 0, end));
  });
  const gone = () => reject(pod.errored ?? new PodError("the pod closed the connection during its handshake"));
  pod.on("end", gone).on("close", gone);
  try {
    return await promise;
  } finally {
    pod.off("end", gone).off("close", gone);
  }
}

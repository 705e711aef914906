import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type BlockList, connect, isIP, type Socket } from "node:net";
import type { AttachTarget } from "@cliscale/db";
import { terminalPort, terminalProtocol } from "@cliscale/protocol";
import { terminalPath } from "@cliscale/service";
import { ignoreError } from "../client/refuse.ts";
import { keepAliveMilliseconds } from "../deadlines.ts";
import { checkPodAnswer, PodError } from "./answer.ts";

export interface DialOptions {
  /** Where pods may be. */
  podRange: BlockList;
  /** Whether a session that says so is served by a stock ttyd, which cannot prove itself. */
  ttydAllowed: boolean;
  /** For connecting and the handshake together. */
  milliseconds: number;
  /** Gives up when aborted. */
  signal: AbortSignal;
}

const headBytes = 8 * 1024;

/**
 * Connects to a session's pod by a handshake of the gateway's own and checks that it is the session's pod. The socket is past
 * its handshake, has an error listener, and still holds what the pod sent right after its answer.
 * @throws PodError, or the reason of `signal`; nothing is left open then.
 */
export async function dialPod(target: AttachTarget, options: DialOptions): Promise<Socket> {
  const host = podAddress(target.podIp, options.podRange);
  options.signal.throwIfAborted();
  const pod = connect({
    host,
    port: terminalPort,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: keepAliveMilliseconds,
  });
  pod.on("error", ignoreError);
  const late = () => pod.destroy(new PodError(`the pod did not answer within ${options.milliseconds} ms`));
  const gone = () => pod.destroy(new PodError("the pod closed the connection during its handshake"));
  const leave = () => pod.destroy(options.signal.reason);
  const timer = setTimeout(late, options.milliseconds);
  pod.on("end", gone);
  options.signal.addEventListener("abort", leave);
  try {
    await shakeHands(pod, host, target, options.ttydAllowed);
    options.signal.throwIfAborted();
    return pod;
  } catch (error) {
    pod.destroy();
    options.signal.throwIfAborted();
    throw error instanceof PodError ? error : new PodError("the pod cannot be reached", { cause: error });
  } finally {
    clearTimeout(timer);
    pod.off("end", gone);
    options.signal.removeEventListener("abort", leave);
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

async function shakeHands(pod: Socket, host: string, target: AttachTarget, ttydAllowed: boolean): Promise<void> {
  const key = randomBytes(16).toString("base64");
  await once(pod, "connect");
  pod.write(handshakeRequest(host, target.podSecret, key));
  const head = await readHead(pod);
  const proofRequired = !(ttydAllowed && target.terminal === "ttyd");
  checkPodAnswer(head, { key, podSecret: target.podSecret, proofRequired });
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
async function readHead(pod: Socket): Promise<string> {
  let received = Buffer.alloc(0);
  for (;;) {
    if (pod.destroyed) throw pod.errored ?? new PodError("the pod closed the connection during its handshake");
    const chunk = pod.read() as Buffer | null;
    if (chunk === null) {
      await once(pod, "readable");
      continue;
    }
    received = Buffer.concat([received, chunk]);
    const end = received.indexOf("\r\n\r\n");
    if (end > headBytes || (end < 0 && received.length > headBytes)) throw new PodError("the pod's answer is too long");
    if (end < 0) continue;
    const rest = received.subarray(end + 4);
    if (rest.length > 0) pod.unshift(rest);
    return received.toString("latin1", 0, end);
  }
}

import type { Socket } from "node:net";
import { closeCodes } from "@cliscale/protocol";
import { milliseconds } from "../milliseconds.ts";
import type { PodSocket, Receiver } from "../pod/podSocket.ts";
import { type Close, closeCodeOf, encodeClose } from "./closeFrame.ts";
import { FrameFollower } from "./frames.ts";
import { Silence, type SilenceLimits } from "./silence.ts";
import { writeCopy } from "./writeCopy.ts";

/** What splices need of the gateway, shared by all of them. */
export interface SpliceHost {
  /** From the first step of closing until both sockets are cut. */
  readonly closeMilliseconds: number;
  readonly traffic: Traffic;
  /** What to tell a client whose pod is gone. Must not reject. */
  explainLoss(sessionId: string): Promise<Close>;
  /** Both sockets are closed. */
  spliceEnded(splice: Splice): void;
}

/** Bytes passed on so far, in all. */
export interface Traffic {
  toPod: number;
  toClient: number;
}

/** How a splice ended, for metrics. */
export interface SpliceEnd {
  closedBy: "client" | "pod" | "gateway";
  /** That the client was sent, if any. */
  closeCode: number | undefined;
  error: SpliceError | undefined;
}

export type SpliceError =
  | "clientReset"
  | "podReset"
  | "clientViolation"
  | "podViolation"
  | "clientStalled"
  | "podStalled"
  /** Said nothing for long, though it was sent something and asked. */
  | "clientVanished"
  | "podVanished"
  /** Lost in the middle of a frame, after which the client could not be told why. */
  | "cutInFrame"
  /** Had not closed by its deadline. */
  | "closeTimeout";

export interface SpliceIdentity {
  sessionId: string;
  ownerUid: string;
  jti: string;
}

type State =
  /** Bytes pass both ways. */
  | "open"
  /** The client has sent its Close frame or its end; what the pod still says passes. */
  | "clientLeaving"
  /** The pod has sent its Close frame; the client's answer to it still passes. */
  | "podLeaving"
  /** The client is to be told `close` as soon as the frame that the pod has begun is whole. */
  | "closing"
  /** The client has been told to attach again; what it sent before it heard of that still passes, to its Close frame. */
  | "sentAway"
  /** The pod is gone; what to tell the client is being found out. */
  | "podLost"
  /** Nothing passes any more. */
  | "closed";

/** Empty pings; a client's frames are masked, here by zeros. */
const serverPing = Buffer.from([0x89, 0]);
const clientPing = Buffer.from([0x89, 0x80, 0, 0, 0, 0]);

type SplicedSocket = Socket & { splice: Splice };
type SplicedPod = PodSocket & { splice: Splice };

/** A client's socket and a pod's, between which bytes pass. Handlers are shared by all, and no closure is made per socket. */
export class Splice {
  readonly client: SplicedSocket;
  readonly pod: SplicedPod;
  readonly host: SpliceHost;
  readonly identity: SpliceIdentity;
  /** In whole `milliseconds`. */
  readonly startedAt = milliseconds();
  readonly fromClient = new FrameFollower(true);
  readonly fromPod = new FrameFollower(false);
  state: State = "open";
  /** Who ended it first, and the code that the client was sent, if any. */
  closedBy: SpliceEnd["closedBy"] | undefined;
  /** The first thing that went wrong, if any. */
  error: SpliceError | undefined;
  close: Close | undefined;
  closeCode: number | undefined;
  /** Since when a side has taken nothing of what waits for it, in milliseconds of performance.now(). */
  clientStalledSince: number | undefined;
  podStalledSince: number | undefined;
  readonly clientSilence = new Silence();
  readonly podSilence = new Silence();
  timer: NodeJS.Timeout | undefined;
  closedSockets = 0;

  constructor(client: Socket, pod: PodSocket, identity: SpliceIdentity, host: SpliceHost) {
    this.client = Object.assign(client, { splice: this });
    this.pod = Object.assign(pod, { splice: this });
    this.identity = identity;
    this.host = host;
  }
}

/** Passes bytes between two sockets, both past their handshakes and with an error listener, until one of them ends. */
export function startSplice(splice: Splice): void {
  const { client, pod } = splice;
  dropEndListeners(client);
  dropEndListeners(pod);
  client.on("data", onClientData).on("drain", onClientDrain).on("end", onClientEnd).on("close", onClientClose);
  pod.on("drain", onPodDrain).on("end", onPodGone).on("close", onPodClose);
  // The answer to its handshake.
  splice.clientSilence.sent();
  client.resume();
  pod.receive(onPodData as Receiver);
}

/**
 * Node's own listener for `end` keeps a socket from being written to after it, which no state here does; beside another one it costs
 * each socket an array of its own. `removeAllListeners` would leave a slower and larger object to look up all listeners in.
 */
function dropEndListeners(socket: Socket): void {
  for (const listener of socket.listeners("end")) socket.off("end", listener as () => void);
}

/** Pings the sides that have been silent for long, and lets go of those that have not answered. */
export function checkSilence(splice: Splice, limits: SilenceLimits): void {
  if (splice.state !== "open") return;
  const { clientSilence, podSilence } = splice;
  if (splice.clientStalledSince !== undefined || splice.podStalledSince !== undefined) {
    // A side that is full keeps the other from being read, and its own answers come after what it has to take first.
    clientSilence.heard();
    podSilence.heard();
    return;
  }
  const [client, pod] = [clientSilence.verdict(limits), podSilence.verdict(limits)];
  if (client === "gone") cutSplice(splice, "clientVanished");
  else if (pod === "gone") losePod(splice, "podVanished");
  else {
    // A ping may come between the frames of a message, but not within a frame.
    if (client === "ask" && splice.fromPod.remaining === 0) passToClient(splice, serverPing);
    if (pod === "ask" && splice.fromClient.remaining === 0) passToPod(splice, clientPing);
  }
}

/** Closes the client with this code and reason, at the end of the frame it is being sent. */
export function closeSplice(splice: Splice, close: Close, error?: SpliceError): void {
  if (splice.state !== "open") return;
  splice.error ??= error;
  splice.closedBy = "gateway";
  splice.close = close;
  splice.state = "closing";
  startDeadline(splice);
  splice.client.resume();
  if (splice.fromPod.remaining === 0) sendClose(splice);
}

/** Ends both sockets at once. */
export function cutSplice(splice: Splice, error: SpliceError): void {
  splice.closedBy ??= "gateway";
  splice.error ??= error;
  splice.client.destroy();
  splice.pod.destroy();
}

function onClientData(this: SplicedSocket, chunk: Buffer): void {
  const { splice } = this;
  splice.clientSilence.heard();
  if (splice.state !== "open" && !stillReachesPod(splice)) return;
  const { fromClient } = splice;
  passToPod(splice, fromClient.follow(chunk));
  if (fromClient.closeFrame) passToPod(splice, fromClient.closeFrame);
  if (!fromClient.stopped) return;
  if (splice.state === "closing") return;
  if (splice.state !== "open") endBoth(splice);
  else if (fromClient.closeFrame) letClientLeave(splice);
  else closeSplice(splice, { code: closeCodes.malformed, reason: "protocol violation" }, "clientViolation");
}

/** Whether what a client sends that is being closed has somewhere to go. */
function stillReachesPod({ state, close, fromClient }: Splice): boolean {
  if (fromClient.stopped) return false;
  return state === "podLeaving" || state === "sentAway" || (state === "closing" && close?.code === closeCodes.draining);
}

function onPodData(this: SplicedPod, chunk: Buffer): void {
  const { splice } = this;
  splice.podSilence.heard();
  if (splice.state === "closing") {
    passToClient(splice, splice.fromPod.finishFrame(chunk));
    if (splice.fromPod.remaining === 0) sendClose(splice);
    return;
  }
  if (splice.state !== "open" && splice.state !== "clientLeaving") return;
  passToClient(splice, splice.fromPod.follow(chunk));
  if (splice.fromPod.stopped === "violation") losePod(splice, "podViolation");
  else if (splice.fromPod.closeFrame) onPodCloseFrame(splice, splice.fromPod.closeFrame);
}

/** A pod is believed two codes; for any other the session's row is asked. What answers a client's own Close passes as it is. */
function onPodCloseFrame(splice: Splice, frame: Buffer): void {
  const code = closeCodeOf(frame);
  const isAnswer = splice.state === "clientLeaving";
  if (!isAnswer && code !== closeCodes.ended && code !== closeCodes.malformed) {
    losePod(splice);
    return;
  }
  splice.closeCode = code;
  passToClient(splice, frame);
  if (isAnswer) endBoth(splice);
  else letPodLeave(splice);
}

function passToPod(splice: Splice, bytes: Buffer): void {
  if (bytes.length === 0) return;
  splice.host.traffic.toPod += bytes.length;
  splice.podSilence.sent();
  if (!splice.pod.write(bytes) && splice.pod.writableLength > 0) {
    splice.podStalledSince ??= performance.now();
    splice.client.pause();
  }
}

function passToClient(splice: Splice, bytes: Buffer): void {
  if (bytes.length === 0) return;
  splice.host.traffic.toClient += bytes.length;
  splice.clientSilence.sent();
  if (!writeCopy(splice.client, bytes) && splice.client.writableLength > 0) {
    splice.clientStalledSince ??= performance.now();
    splice.pod.pause();
  }
}

function onClientDrain(this: SplicedSocket): void {
  if (this.splice.clientStalledSince === undefined) return;
  this.splice.clientStalledSince = undefined;
  this.splice.pod.resume();
}

function onPodDrain(this: SplicedSocket): void {
  if (this.splice.podStalledSince === undefined) return;
  this.splice.podStalledSince = undefined;
  this.splice.client.resume();
}

/** The client has sent its last byte. A WebSocket has no use for a half-open connection, so the pod is told the same. */
function onClientEnd(this: SplicedSocket): void {
  const { splice } = this;
  if (splice.state === "open") letClientLeave(splice);
  endWriting(splice.pod);
}

function onClientClose(this: SplicedSocket): void {
  const { splice } = this;
  splice.closedBy ??= "client";
  if (this.errored) splice.error ??= "clientReset";
  endBoth(splice);
  countClosed(splice);
}

/** The pod's side has ended: by FIN here, by a reset in onPodClose. */
function onPodGone(this: SplicedSocket): void {
  const { splice } = this;
  if (splice.state === "open") losePod(splice);
  // A frame that the client has a part of can never be whole now, so no Close frame can follow it.
  else if (splice.state !== "podLost" && splice.state !== "closed") endBoth(splice);
}

function onPodClose(this: SplicedSocket): void {
  if (this.errored) this.splice.error ??= "podReset";
  onPodGone.call(this);
  countClosed(this.splice);
}

function letClientLeave(splice: Splice): void {
  splice.closedBy = "client";
  splice.state = "clientLeaving";
  startDeadline(splice);
  splice.client.resume();
}

function letPodLeave(splice: Splice): void {
  splice.closedBy = "pod";
  splice.state = "podLeaving";
  startDeadline(splice);
}

/** In the middle of a frame the client can only be cut: bytes made up to complete it would pass for the program's. */
function losePod(splice: Splice, error?: SpliceError): void {
  splice.closedBy ??= "pod";
  splice.error ??= error;
  splice.pod.destroy();
  if (splice.fromPod.remaining > 0) splice.error ??= "cutInFrame";
  if (splice.state !== "open" || splice.fromPod.remaining > 0) {
    endBoth(splice);
    return;
  }
  splice.state = "podLost";
  startDeadline(splice);
  splice.client.resume();
  void splice.host.explainLoss(splice.identity.sessionId).then((close) => {
    if (splice.state !== "podLost") return;
    splice.close = close;
    sendClose(splice);
  });
}

function sendClose(splice: Splice): void {
  if (splice.close) {
    splice.closeCode = splice.close.code;
    splice.client.write(encodeClose(splice.close));
  }
  if (splice.state === "closing" && stillReachesPod(splice)) sendAway(splice);
  else endBoth(splice);
}

/** The session goes on: keys that are under way must not be lost. What the pod still says the client asks for again. */
function sendAway(splice: Splice): void {
  splice.state = "sentAway";
  endWriting(splice.client);
  splice.pod.resume();
}

/** Lets both sockets send what they still hold, and reads and drops what still comes: unread bytes would make it a reset. */
function endBoth(splice: Splice): void {
  splice.state = "closed";
  startDeadline(splice);
  endWriting(splice.client);
  endWriting(splice.pod);
  splice.client.resume();
  splice.pod.resume();
}

/**
 * Where everything has come and gone, closing says the same as ending first and closing then. Ending a socket twice does nothing, but
 * makes an error with its stack that nobody is told of.
 */
function endWriting(socket: Socket): void {
  if (socket.readableEnded && socket.writableLength === 0) socket.destroy();
  else if (socket.writable) socket.end();
}

function startDeadline(splice: Splice): void {
  splice.timer ??= setTimeout(cutSplice, splice.host.closeMilliseconds, splice, "closeTimeout");
}

function countClosed(splice: Splice): void {
  splice.closedSockets += 1;
  if (splice.closedSockets < 2) return;
  clearTimeout(splice.timer);
  splice.host.spliceEnded(splice);
}

import type { IncomingMessage } from "node:http";
import type { BlockList, Socket } from "node:net";
import type { AttachTarget, TokenVerdict } from "@cliscale/db";
import type { AttachTokenClaims } from "@cliscale/protocol";
import type { Logger } from "@cliscale/service";
import type { Admission } from "./admission.ts";
import { AttachRecord } from "./attachRecord.ts";
import { acceptClient } from "./client/accept.ts";
import { Departure } from "./client/departure.ts";
import { checkOrigin, type Handshake, readSessionId, readToken } from "./client/handshake.ts";
import { Refusal, type RefusalOutcome } from "./client/refusal.ts";
import { refuseAsWebSocket } from "./client/refuse.ts";
import { TimeLimit, within } from "./deadline.ts";
import type { Deadlines } from "./deadlines.ts";
import type { Metrics } from "./metrics.ts";
import { PodError } from "./pod/answer.ts";
import { dialPod } from "./pod/dial.ts";
import type { PodSocket } from "./pod/podSocket.ts";
import type { SpliceIdentity } from "./splice/splice.ts";
import type { TokenConsumer } from "./token/consumer.ts";
import { InvalidToken, type Verifier, verifyAttachToken } from "./token/verify.ts";

/** What an attach needs of the gateway. */
export interface AttachHost {
  readonly admission: Admission;
  readonly allowedOrigins: readonly string[];
  readonly deadlines: Deadlines;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly podRange: BlockList;
  readonly tokens: TokenConsumer;
  readonly ttydAllowed: boolean;
  readonly verifier: Verifier;
  isDraining(): boolean;
  /** Passes bytes between two sockets that are past their handshakes; its place is given back when they have ended. */
  splice(client: Socket, pod: PodSocket, identity: SpliceIdentity): void;
}

/** A client's upgrade, its handshake read. */
export interface Upgrade {
  handshake: Handshake;
  request: IncomingMessage;
  client: Socket;
  /** What the client sent ahead. */
  head: Buffer;
}

/** Attaches a client to its session's terminal, or closes it with the code that says why not. Never rejects. */
export async function attach(host: AttachHost, upgrade: Upgrade): Promise<void> {
  const record = new AttachRecord(upgrade.handshake.session);
  try {
    await letIn(host, upgrade, record);
  } catch (error) {
    turnAway(host, upgrade, record, error);
    return;
  }
  record.attached(host);
}

async function letIn(host: AttachHost, { handshake, client, head }: Upgrade, record: AttachRecord): Promise<void> {
  if (host.isDraining()) throw new Refusal("draining");
  using held = new DisposableStack();
  held.use(host.admission.beginHandshake(handshake.address));
  const departure = held.use(new Departure(client));
  const time = new TimeLimit(host.deadlines.attach);

  const sessionId = readSessionId(handshake);
  const token = readToken(handshake);
  checkOrigin(handshake, host.allowedOrigins);
  const claims = await record.step("verify", verify(host, token, time));
  const identity = { sessionId, ownerUid: claims.sub, jti: claims.jti };
  record.jti = claims.jti;
  departure.throwIfLeft();

  const admit = host.admission.takePlace(identity);
  try {
    const target = await record.step("consume", consume(host, claims, sessionId, admit, time));
    const pod = await record.step("pod", dial(host, target, departure, time));
    acceptClient(client, handshake.key, head);
    host.splice(client, pod, identity);
  } catch (error) {
    if (admit) host.admission.giveBack(identity);
    throw error;
  }
}

async function verify(
  { verifier, deadlines }: AttachHost,
  token: string | undefined,
  time: TimeLimit,
): Promise<AttachTokenClaims> {
  if (token === undefined) throw new Refusal("unauthenticated");
  try {
    return await within(time.forStep(deadlines.verify), "verifying the token", verifyAttachToken(token, verifier));
  } catch (error) {
    throw new Refusal(error instanceof InvalidToken ? "unauthenticated" : "unavailable", undefined, { cause: error });
  }
}

const refusalOf: Record<Exclude<TokenVerdict["outcome"], "consumed">, RefusalOutcome> = {
  unknown: "unauthenticated",
  expired: "unauthenticated",
  otherSession: "otherSession",
  notAdmitted: "tooManySockets",
  used: "tokenUsed",
  sessionGone: "sessionGone",
};

async function consume(
  { tokens, deadlines }: AttachHost,
  { jti, sub, sid }: AttachTokenClaims,
  sessionId: string,
  admit: boolean,
  time: TimeLimit,
): Promise<AttachTarget> {
  const use = { jti, ownerUid: sub, tokenSessionId: sid, sessionId, admit };
  let verdict: TokenVerdict;
  try {
    verdict = await tokens.consume(use, time.forStep(deadlines.consume));
  } catch (error) {
    throw new Refusal("unavailable", undefined, { cause: error });
  }
  if (verdict.outcome !== "consumed") throw new Refusal(refusalOf[verdict.outcome]);
  return verdict;
}

async function dial(host: AttachHost, target: AttachTarget, departure: Departure, time: TimeLimit): Promise<PodSocket> {
  const { podRange, ttydAllowed, deadlines } = host;
  try {
    return await dialPod(target, { podRange, ttydAllowed, milliseconds: time.forStep(deadlines.pod), departure });
  } catch (error) {
    throw error instanceof PodError ? new Refusal("unavailable", undefined, { cause: error }) : error;
  }
}

function turnAway(host: AttachHost, { request, client, head }: Upgrade, record: AttachRecord, error: unknown): void {
  if (client.destroyed || client.readableEnded) {
    client.destroy();
    record.abandoned(host);
    return;
  }
  if (!(error instanceof Refusal)) host.logger.error({ err: error }, "attach failed unexpectedly");
  const refusal = error instanceof Refusal ? error : new Refusal("unavailable", undefined, { cause: error });
  refuseAsWebSocket(request, client, head, refusal.close);
  record.refused(host, refusal);
}

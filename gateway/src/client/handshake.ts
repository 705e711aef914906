import type { IncomingMessage } from "node:http";
import { bearerProtocolPrefix, terminalProtocol } from "@cliscale/protocol";
import { isUuid } from "./uuid.ts";
import { Refusal } from "./refusal.ts";

/** What a client asks for, so far as the gateway reads it; it holds on to nothing of the request. */
export interface Handshake {
  /** The last part of the path, which should be a session id. */
  session: string;
  hasQuery: boolean;
  /** Its Sec-WebSocket-Key. */
  key: string;
  origin: string | undefined;
  /** The subprotocols it offers; if any, `tty` is one of them. */
  protocols: readonly string[];
  address: string;
}

export type HttpStatus = 400 | 404 | 408 | 431;

/** A request that is answered by plain HTTP. */
export class HttpRefusal extends Error {
  override name = "HttpRefusal";
  readonly status: HttpStatus;

  constructor(status: HttpStatus, message: string) {
    super(message);
    this.status = status;
  }
}

// The request-target may be of any form (RFC 9112 §3.2); this is the only one that is ours.
const attachPath = /^\/ws\/([^/?]+)(\?.*)?$/s;
const webSocketKey = /^[A-Za-z0-9+/]{22}==$/;
const protocolName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

export function isAttachPath(target: string | undefined): boolean {
  return attachPath.test(target ?? "");
}

/**
 * Reads an opening handshake (RFC 6455 §4.2.1). `proxyHops` is the number of proxies in front of the gateway that each add
 * one entry to X-Forwarded-For.
 * @throws HttpRefusal 404 for another path, 400 where it is no valid handshake or offers subprotocols without `tty`.
 */
export function readHandshake(request: IncomingMessage, proxyHops: number): Handshake {
  const path = attachPath.exec(request.url ?? "");
  if (!path) throw new HttpRefusal(404, "Not found.");
  const key = readKey(request);
  return {
    session: path[1]!,
    hasQuery: path[2] !== undefined,
    key,
    origin: request.headers.origin,
    protocols: readProtocols(request),
    address: clientAddress(request, proxyHops),
  };
}

/** What to answer to bytes that Node's parser gave up on: https://nodejs.org/api/http.html#event-clienterror. */
export function refusalOfParser({ code }: NodeJS.ErrnoException): HttpRefusal {
  if (code === "HPE_HEADER_OVERFLOW") return new HttpRefusal(431, "The headers are too large.");
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return new HttpRefusal(408, "The request took too long.");
  return new HttpRefusal(400, "Not HTTP.");
}

/** @throws Refusal `malformed` where the session is no UUID or the URL has a query, which could carry a token. */
export function readSessionId(handshake: Handshake): string {
  if (handshake.hasQuery) throw new Refusal("malformed", "the URL has a query; a token goes into the subprotocol");
  if (!isUuid(handshake.session)) throw new Refusal("malformed", "the session id is no UUID");
  return handshake.session.toLowerCase();
}

/** The token that is offered as a subprotocol, if any; @throws Refusal `malformed` where there are two. */
export function readToken(handshake: Handshake): string | undefined {
  const tokens = handshake.protocols.filter((protocol) => protocol.startsWith(bearerProtocolPrefix));
  if (tokens.length > 1) throw new Refusal("malformed", "two tokens");
  return tokens[0]?.slice(bearerProtocolPrefix.length);
}

/** @throws Refusal `foreignOrigin`. Programs other than browsers send no Origin. */
export function checkOrigin({ origin }: Handshake, allowed: readonly string[]): void {
  if (origin !== undefined && !allowed.includes(origin)) throw new Refusal("foreignOrigin");
}

function readKey({ method, httpVersion, headers }: IncomingMessage): string {
  const key = headers["sec-websocket-key"] ?? "";
  const isValid =
    method === "GET" &&
    httpVersion === "1.1" &&
    headers.upgrade?.toLowerCase() === "websocket" &&
    webSocketKey.test(key) &&
    headers["sec-websocket-version"] === "13" &&
    headers["content-length"] === undefined &&
    headers["transfer-encoding"] === undefined;
  if (!isValid) throw new HttpRefusal(400, "Not a valid WebSocket handshake of version 13.");
  return key;
}

function readProtocols({ headers }: IncomingMessage): string[] {
  const header = headers["sec-websocket-protocol"];
  if (header === undefined) return [];
  const protocols = header.split(",").map((protocol) => protocol.trim());
  // RFC 6455 §4.1: names are tokens, each of them different.
  const areValid =
    protocols.every((protocol) => protocolName.test(protocol)) && new Set(protocols).size === protocols.length;
  if (!areValid || !protocols.includes(terminalProtocol)) {
    throw new HttpRefusal(400, `The subprotocol ${terminalProtocol} must be offered, and each only once.`);
  }
  return protocols;
}

/** Each proxy appends whom it was asked by, so the entry `proxyHops` from the end is the one the outermost of ours wrote. */
function clientAddress({ headers, socket }: IncomingMessage, proxyHops: number): string {
  const forwarded = headers["x-forwarded-for"];
  const hops = typeof forwarded === "string" ? forwarded.split(",") : [];
  const entry = proxyHops > 0 ? hops.at(-proxyHops)?.trim() : undefined;
  return entry || (socket.remoteAddress ?? "unknown");
}

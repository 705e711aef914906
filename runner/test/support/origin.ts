import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, LookupFunction, Socket } from "node:net";
import type { TestContext } from "node:test";
import { buildConnector } from "undici";
import type { Network } from "../../src/bundle/fetch/network.ts";
import { selfCertified } from "../../../functions/test/support/certificate.ts";

/** An HTTPS server on loopback that stands for hosts of any name, with a certificate that only the test knows. */
export interface Origin {
  port: number;
  ca: string;
  /** What was asked for, as `host/path?query`. */
  requests: string[];
  /** Connections that are open. */
  open: () => number;
  /** What answers; it may be exchanged. */
  answer: RequestListener;
}

/** Names that the certificate of an origin is for. */
export const hosts = ["localhost", "files.example", "mirror.example", "codeload.github.com"];

export async function startOrigin(t: TestContext, answer: RequestListener = sendNothing): Promise<Origin> {
  const { certificate, privateKey } = await selfCertified(...hosts);
  const sockets = new Set<Socket>();
  const server = createServer({ cert: certificate, key: privateKey }, (request, response) => {
    origin.requests.push(`${request.headers.host}${request.url}`);
    origin.answer(request, response);
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  // A client that goes away in the middle is what some tests are about.
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const origin: Origin = { port, ca: certificate, requests: [], open: () => sockets.size, answer };
  return origin;
}

function sendNothing(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(404).end();
}

/**
 * A network in which names mean what a test says, and every connection goes to the origin, whatever its port. Nothing
 * leaves this machine: an address that passes the runner's own check and is not loopback fails the test.
 */
export function networkTo(origin: Origin, addresses: Record<string, string[]> = {}) {
  const resolved: string[] = [];
  const dialled: string[] = [];
  const network: Network = {
    resolve: async (host) => {
      resolved.push(host);
      return (addresses[host] ?? ["127.0.0.1"]).map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
    },
    connector: (options = {}) => {
      const { lookup } = options as { lookup: LookupFunction };
      const connect = buildConnector({ ...options, lookup: onlyLoopback(lookup, dialled) });
      return (target, callback) => connect({ ...target, port: String(origin.port) }, callback);
    },
  };
  return { network, resolved, dialled };
}

function onlyLoopback(lookup: LookupFunction, dialled: string[]): LookupFunction {
  return (host, options, callback) =>
    lookup(host, options, (error, found, family) => {
      for (const { address } of !error && Array.isArray(found) ? found : []) {
        dialled.push(address);
        assert.match(address, /^127\./, "a connection would leave this machine");
      }
      callback(error, found, family);
    });
}

export function sha256Of(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

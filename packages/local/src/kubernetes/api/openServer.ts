import type { RequestListener } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { ServerCertificate } from "../credentials/certificates.ts";

/** The only address that the API is served on. */
export const host = "127.0.0.1";

/** How long a connection may be idle, in milliseconds: longer than clients keep one, so that none finds it just closed. */
const keepAliveMilliseconds = 120_000;

export interface OpenServer {
  port: number;
  /** Answers requests from now on, those first that have come in before. */
  serve: (answer: RequestListener) => void;
  close: () => Promise<void>;
}

/** Listens on a port, 0 for any. Rejects when it is taken. */
export async function openServer({ certificate, key }: ServerCertificate, port: number): Promise<OpenServer> {
  const serving = Promise.withResolvers<RequestListener>();
  const server = createServer({ cert: certificate, key }, (request, response) => {
    void serving.promise.then((answer) => answer(request, response));
  });
  server.keepAliveTimeout = keepAliveMilliseconds;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    serve: serving.resolve,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

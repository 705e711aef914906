// A network that breaks: connections go through it until it is told to break them.
import { once } from "node:events";
import { type AddressInfo, createConnection, createServer, type Socket } from "node:net";

export interface CuttingProxy {
  /** Where to connect. */
  port: number;
  /** Breaks the connections that there are, once so many more bytes have come from the server: 0 for at once. */
  cutAfter: (bytes: number) => void;
  /** Nothing passes any more over the connections that there are, and neither end is told. */
  silence: () => void;
  /** Holds new connections back, or lets them through. */
  setDown: (isDown: boolean) => void;
  close: () => Promise<void>;
}

/** Starts a proxy to an address on loopback. It cuts at any byte, within a frame or its header. */
export async function startCuttingProxy(target: { host: string; port: number }): Promise<CuttingProxy> {
  const pairs = new Set<{ client: Socket; upstream: Socket; left: number; isSilent: boolean }>();
  let isDown = false;
  const server = createServer((client) => {
    client.on("error", () => {});
    if (isDown) {
      client.destroy();
      return;
    }
    const upstream = createConnection(target);
    const pair = { client, upstream, left: Infinity, isSilent: false };
    pairs.add(pair);
    const cut = () => {
      if (pair.isSilent) return;
      pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    upstream.on("error", cut).on("close", cut);
    client.on("close", cut).on("data", (bytes) => pair.isSilent || upstream.write(bytes));
    upstream.on("data", (bytes) => {
      if (client.destroyed || pair.isSilent) return;
      const passed = bytes.subarray(0, pair.left);
      pair.left -= passed.length;
      client.write(passed);
      if (pair.left > 0) return;
      // What has been passed on arrives before the end does.
      pairs.delete(pair);
      client.end();
      upstream.destroy();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    cutAfter: (bytes) => {
      for (const pair of pairs) {
        pair.left = bytes;
        if (bytes === 0) {
          pair.client.destroy();
          pair.upstream.destroy();
        }
      }
    },
    silence: () => {
      for (const pair of pairs) {
        pair.isSilent = true;
        // Unread, as what is sent to who has gone is not acknowledged.
        pair.upstream.pause();
      }
    },
    setDown: (next) => {
      isDown = next;
    },
    close: async () => {
      for (const { client, upstream } of pairs) {
        client.destroy();
        upstream.destroy();
      }
      server.close();
      await once(server, "close");
    },
  };
}

import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Logger } from "@cliscale/service";

export interface Backend {
  host: string;
  port: number;
}

export interface Spreader {
  port: number;
  close(): Promise<void>;
}

/** How long a pod may take to accept a connection, in milliseconds; then the next one is tried. */
const connectMilliseconds = 2000;

/**
 * Listens on an address and spreads TCP connections over backends in turn, as they are when each connection comes. A
 * connection that none takes is closed. What has been connected stays so, whatever becomes of the list.
 * @throws Error when the port is taken or not to be had.
 */
export async function startSpreader(
  listen: { host: string; port: number },
  backends: () => readonly Backend[],
  logger: Logger,
): Promise<Spreader> {
  const open = new Set<Socket>();
  let turn = 0;
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    open.add(client);
    client.once("close", () => open.delete(client));
    client.on("error", () => client.destroy());
    const all = backends();
    const start = turn++;
    const inTurn = all.map((_, index) => all[(start + index) % all.length]!);
    join(client, inTurn).catch((error: unknown) => {
      logger.error({ err: error }, "a connection could not be passed on");
      client.destroy();
    });
  });
  // A connection that breaks before it is accepted must not end the listener.
  server.on("error", (error) => logger.warn({ err: error, ...listen }, "a listener failed"));
  await listening(server, listen);
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : listen.port,
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

async function listening(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  server.listen(port, host);
  await once(server, "listening");
}

/** Joins a client with the first backend that accepts it. */
async function join(client: Socket, backends: readonly Backend[]): Promise<void> {
  for (const backend of backends) {
    const socket = await dial(backend);
    if (!socket) continue;
    if (client.destroyed) return void socket.destroy();
    couple(client, socket);
    return;
  }
  client.destroy();
}

function dial({ host, port }: Backend): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, allowHalfOpen: true });
    const giveUp = () => {
      socket.destroy();
      resolve(undefined);
    };
    socket.setTimeout(connectMilliseconds, giveUp);
    socket.once("error", giveUp);
    socket.once("connect", () => {
      socket.setTimeout(0);
      socket.off("timeout", giveUp);
      socket.off("error", giveUp);
      resolve(socket);
    });
  });
}

/** Passes bytes both ways, each end's end on to the other; when one is gone the other goes when it has sent what it holds. */
function couple(client: Socket, backend: Socket): void {
  client.setNoDelay(true);
  backend.setNoDelay(true);
  backend.on("error", () => backend.destroy());
  client.once("close", () => backend.destroySoon());
  backend.once("close", () => client.destroySoon());
  client.pipe(backend);
  backend.pipe(client);
  client.resume();
}

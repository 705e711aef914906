// A WebSocket proxy of `ws` on both sides, as one writes it in an afternoon.
import { createServer } from "node:http";
import { WebSocket, WebSocketServer } from "ws";

const options = { perMessageDeflate: false };
const clients = new WebSocketServer({ noServer: true, ...options });
const server = createServer();
server.on("upgrade", (request, socket, head) => {
  socket.on("error", () => {});
  const pod = new WebSocket(`ws://${process.env["BACKEND"]}${request.url}`, "tty", options);
  pod.on("error", () => socket.destroy());
  pod.on("open", () => {
    clients.handleUpgrade(request, socket, head, (client) => {
      client.on("error", () => {});
      forward(client, pod);
      forward(pod, client);
    });
  });
});
server.listen({ port: Number(process.env["PORT"]), host: "127.0.0.1", backlog: 4096 }, () => {
  process.send?.({ ready: true });
});

function forward(from: WebSocket, to: WebSocket): void {
  const highWaterBytes = 64 * 1024;
  from.on("message", (message, isBinary) => {
    to.send(message, { binary: isBinary }, () => from.resume());
    if (to.bufferedAmount > highWaterBytes) from.pause();
  });
  from.on("close", () => to.close());
}

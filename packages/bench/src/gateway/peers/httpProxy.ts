// `http-proxy` as a WebSocket proxy, with the listeners without which a reset ends its process.
import { createServer } from "node:http";
import httpProxy from "http-proxy";

const proxy = httpProxy.createProxyServer({ target: `http://${process.env["BACKEND"]}`, ws: true });
proxy.on("error", (_error, _request, socket) => void socket.destroy());
const server = createServer();
server.on("upgrade", (request, socket, head) => {
  socket.on("error", () => {});
  proxy.ws(request, socket, head);
});
server.listen({ port: Number(process.env["PORT"]), host: "127.0.0.1", backlog: 4096 }, () => {
  process.send?.({ ready: true });
});

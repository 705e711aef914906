// The least that a WebSocket proxy does in Node.js: it reads a request, asks the pod in its turn, and passes bytes. It checks nothing,
// has no deadline, follows no frames, and loses a socket whose peer stays away. What a gateway costs above it is the gateway's own.
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";

type Spliced = Socket & { peer: Spliced };

const [podIp = "", podPort] = (process.env["BACKEND"] ?? "").split(":");
const server = createServer({ noDelay: true });
server.on("upgrade", (request, stream) => {
  const pod = connect({ host: podIp, port: Number(podPort), noDelay: true });
  splice(Object.assign(stream as Socket, { peer: pod }) as Spliced);
  splice(Object.assign(pod, { peer: stream }) as unknown as Spliced);
  pod.write(
    [
      `GET ${request.url} HTTP/1.1`,
      "Host: pod",
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Key: ${request.headers["sec-websocket-key"]}`,
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Protocol: tty",
      "",
      "",
    ].join("\r\n"),
  );
});
server.listen({ port: Number(process.env["PORT"]), host: "127.0.0.1", backlog: 4096 });

function splice(socket: Spliced): void {
  socket
    .on("error", () => {})
    .on("data", onData)
    .on("drain", onDrain)
    .on("end", onEnd)
    .on("close", onClose);
}

function onData(this: Spliced, chunk: Buffer): void {
  if (!this.peer.write(chunk)) this.pause();
}

function onDrain(this: Spliced): void {
  this.peer.resume();
}

function onEnd(this: Spliced): void {
  this.peer.end();
}

function onClose(this: Spliced): void {
  this.peer.destroy();
}

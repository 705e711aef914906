// The peer of our page: xterm.js as it comes, on a WebSocket, on a PTY with a shell. No sign-in, no gateway, no reattach. It has the
// flow control of xterm.js' own guide, without which xterm.js drops what comes of 50 MB: https://xtermjs.org/docs/guides/flowcontrol/
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawn } from "@lydell/node-pty";
import { WebSocketServer } from "ws";

const require = createRequire(import.meta.url);
const folder = mkdtempSync(join(tmpdir(), "cliscale-bare-"));

/** Of the size, font and scrollback of our page, since these are what drawing costs. */
const page = `<!doctype html>
<meta charset="utf-8" />
<link rel="stylesheet" href="/xterm.css" />
<div id="terminal"></div>
<script src="/xterm.js"></script>
<script>
  const size = new URLSearchParams(location.search);
  const terminal = new Terminal({
    cols: Number(size.get("columns")),
    rows: Number(size.get("rows")),
    fontFamily: '"DejaVu Sans Mono", monospace',
    fontSize: 14,
    lineHeight: 1.15,
    scrollback: 10_000,
  });
  terminal.open(document.getElementById("terminal"));
  const socket = new WebSocket("ws://" + location.host + location.search);
  socket.binaryType = "arraybuffer";
  const encoder = new TextEncoder();
  const undrawn = { now: 0, high: 512 * 1024, low: 128 * 1024, isPaused: false };
  socket.onmessage = ({ data }) => {
    undrawn.now += data.byteLength;
    if (undrawn.now >= undrawn.high && !undrawn.isPaused) {
      undrawn.isPaused = true;
      socket.send("pause");
    }
    terminal.write(new Uint8Array(data), () => {
      undrawn.now -= data.byteLength;
      if (undrawn.now > undrawn.low || !undrawn.isPaused) return;
      undrawn.isPaused = false;
      socket.send("resume");
    });
  };
  // What is typed is binary, what the page says itself is text.
  terminal.onData((data) => socket.send(encoder.encode(data)));
</script>`;

const files: Record<string, { type: string; body: string | Buffer }> = {
  "/": { type: "text/html", body: page },
  "/xterm.js": { type: "text/javascript", body: await readFile(require.resolve("@xterm/xterm/lib/xterm.js")) },
  "/xterm.css": { type: "text/css", body: await readFile(require.resolve("@xterm/xterm/css/xterm.css")) },
};

const server = createServer((request, response) => {
  const file = files[new URL(request.url ?? "", "http://bare").pathname];
  response.writeHead(file ? 200 : 404, { "content-type": file?.type ?? "text/plain" }).end(file?.body);
});
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on("connection", (socket, request) => {
  const size = new URL(request.url ?? "", "http://bare").searchParams;
  const pty = spawn("bash", ["--norc", "--noprofile"], {
    name: "xterm-256color",
    cols: Number(size.get("columns")),
    rows: Number(size.get("rows")),
    cwd: folder,
    encoding: null,
  });
  pty.onData((data) => socket.send(data));
  socket.on("message", (data: Buffer, isTyped: boolean) => {
    if (isTyped) pty.write(data.toString());
    else if (data.toString() === "pause") pty.pause();
    else pty.resume();
  });
  socket.on("close", () => pty.kill("SIGKILL"));
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
process.send!((server.address() as AddressInfo).port);
process.on("disconnect", () => {
  rmSync(folder, { recursive: true });
  process.exit();
});

// A terminal server of the wire protocol around a real shell, which keeps all of its output to repeat it.
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import {
  type Hello,
  type TerminalSize,
  clientMessage,
  closeCodes,
  encodeMessage,
  serverMessage,
} from "@cliscale/protocol";
import { spawn } from "@lydell/node-pty";
import { type WebSocket, WebSocketServer } from "ws";

const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, handleProtocols: () => "tty" });

export interface ShellTerminal {
  attach(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Everything that clients sent to the program. */
  readonly input: string;
  /** How often clients had the terminal go on, having drawn what they had it pause for. */
  readonly resumed: number;
  /** Has the terminal put out bytes, as if its program had printed them. */
  print(text: string): void;
  /** Breaks all connections, with a close code or without a word. */
  cut(code?: number): void;
  stop(): void;
}

/** Runs a command in a shell, or a shell alone; `onExit` is told its exit code once a client has been. */
export function startTerminal(command: string | undefined, onExit: (exitCode: number) => void): ShellTerminal {
  const args = command === undefined ? ["--norc", "--noprofile", "-i"] : ["-c", command];
  const size: TerminalSize = { columns: 80, rows: 24 };
  const env = { ...process.env, PS1: "$ ", TERM: "xterm-256color", HISTFILE: "" };
  const pty = spawn("bash", args, { cols: size.columns, rows: size.rows, env, encoding: null });
  const clients = new Set<WebSocket>();
  let output = Buffer.alloc(0);
  let input = "";
  let resumed = 0;
  let exitCode: number | undefined;

  pty.onData((data) => putOut(Buffer.from(data)));
  pty.onExit((exit) => {
    ({ exitCode } = exit);
    for (const client of clients) sayExit(client);
  });

  function putOut(bytes: Buffer) {
    output = Buffer.concat([output, bytes]);
    for (const client of clients) client.send(encodeMessage(serverMessage.output, bytes));
  }

  function sayExit(client: WebSocket) {
    client.send(encodeMessage(serverMessage.exit, JSON.stringify({ exitCode })));
    client.close(closeCodes.ended);
    onExit(exitCode!);
  }

  function greet(client: WebSocket, { resume, columns, rows }: Hello) {
    const offset = resume?.epoch === String(pty.pid) ? resume.offset : 0;
    resize({ columns, rows });
    sayPosition(client, offset);
    client.send(encodeMessage(serverMessage.output, output.subarray(offset)));
    clients.add(client);
    if (exitCode !== undefined) sayExit(client);
  }

  function sayPosition(client: WebSocket, offset: number) {
    const position = { epoch: String(pty.pid), offset, head: output.length, ...size, controller: true };
    client.send(encodeMessage(serverMessage.position, JSON.stringify(position)));
  }

  function resize(next: TerminalSize) {
    Object.assign(size, { columns: next.columns, rows: next.rows });
    try {
      pty.resize(size.columns, size.rows);
    } catch {
      // The command has just ended.
    }
  }

  function receive(client: WebSocket, message: Buffer) {
    const payload = message.subarray(1).toString();
    switch (message[0]) {
      case clientMessage.hello:
        return greet(client, JSON.parse(message.toString()) as Hello);
      case clientMessage.resize:
        resize(JSON.parse(payload) as TerminalSize);
        return sayPosition(client, output.length);
      case clientMessage.ping:
        return client.send(encodeMessage(serverMessage.pong, payload));
      case clientMessage.input:
        input += payload;
        return pty.write(payload);
      case clientMessage.resume:
        resumed += 1;
        return;
      case clientMessage.pause:
      case undefined:
      default:
    }
  }

  return {
    attach(request, socket, head) {
      sockets.handleUpgrade(request, socket, head, (client) => {
        client.on("message", (message: Buffer) => receive(client, message));
        client.on("close", () => clients.delete(client));
      });
    },
    get input() {
      return input;
    },
    get resumed() {
      return resumed;
    },
    print: (text) => putOut(Buffer.from(text)),
    cut(code) {
      for (const client of clients) {
        if (code === undefined) client.terminate();
        else client.close(code);
      }
    },
    stop() {
      // As the gateway does: the session's row tells why, and not how the command has ended.
      for (const client of clients) client.close(closeCodes.gone);
      clients.clear();
      if (exitCode === undefined) pty.kill("SIGKILL");
    },
  };
}

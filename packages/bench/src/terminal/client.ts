import { once } from "node:events";
import {
  clientMessage,
  encodeHello,
  encodeMessage,
  type Resume,
  serverMessage,
  terminalProtocol,
} from "@cliscale/protocol";
import { WebSocket } from "ws";

/** A socket on a terminal server, of either kind. */
export interface BenchClient {
  socket: WebSocket;
  type: (text: string) => void;
  pause: () => void;
  resume: () => void;
  close: () => Promise<void>;
}

export const size = { columns: 80, rows: 24 };

/** Attaches; `onMessage` gets each message of the server with its type byte. */
export async function attach(url: string, onMessage: (message: Buffer) => void, resume?: Resume): Promise<BenchClient> {
  const socket = new WebSocket(url, terminalProtocol, { perMessageDeflate: false });
  socket.on("message", onMessage);
  await once(socket, "open");
  const hello = encodeHello(resume ? { ...size, resume } : size);
  // ttyd wants a token, though it asks for none.
  socket.send(Buffer.from(`{"AuthToken":"",${Buffer.from(hello).toString().slice(1)}`));
  const send = (type: number, payload = "") => socket.send(encodeMessage(type, payload));
  return {
    socket,
    type: (text) => send(clientMessage.input, text),
    pause: () => send(clientMessage.pause),
    resume: () => send(clientMessage.resume),
    close: async () => {
      if (socket.readyState === socket.CLOSED) return;
      socket.terminate();
      await once(socket, "close");
    },
  };
}

/** The output in a message; undefined when it is another one. */
export function outputOf(message: Buffer): Buffer | undefined {
  return message[0] === serverMessage.output ? message.subarray(1) : undefined;
}

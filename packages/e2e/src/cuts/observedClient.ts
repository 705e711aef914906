import {
  type Client,
  openTerminal,
  type Screen,
  type Terminal,
  type TerminalState as ClientState,
  type WebSocketConstructor,
} from "@cliscale/client";
import { type Attach, decodeJson, type Position, serverMessage, type TerminalSize } from "@cliscale/protocol";
import { WebSocket } from "ws";

/** How often a client has gone on in which way. */
export interface Paths {
  /** From the output that was kept. */
  ring: number;
  snapshot: number;
}

/** A real client of a session, and what it went through. */
export interface ObservedClient {
  terminal: Terminal;
  paths: Paths;
  /** The output that counts, which it was sent. */
  counted: () => Buffer;
  /** The offset up to which it has been sent output. */
  offset: () => number;
  /** How many changes of size it has been told of. */
  sizes: () => number;
  /** Settles when the client is in a state of that name; rejects when the session ends instead. */
  becomes: (name: ClientState["name"]) => Promise<void>;
}

/** Opens a terminal by the client that the page uses; `attach` names the address that it connects to. */
export function openObserved(options: { attach: Attach; screen: Screen; size: TerminalSize }): ObservedClient {
  const paths: Paths = { ring: 0, snapshot: 0 };
  const counted: Buffer[] = [];
  const waiting = new Set<{ name: string; resolve: () => void; reject: (error: Error) => void }>();
  let offset = 0;
  let sizes = 0;
  let positions = 0;

  const observe = (socket: WebSocket) => {
    let isFirst = true;
    let isSnapshot = false;
    socket.on("message", (message: ArrayBuffer) => {
      const data = Buffer.from(message);
      if (data[0] === serverMessage.position) {
        const position = decodeJson(data) as Position;
        isSnapshot = position.snapshot === true;
        if (isSnapshot) paths.snapshot++;
        else if (isFirst && positions > 0) paths.ring++;
        isFirst = false;
        positions++;
        offset = position.offset;
        sizes = position.sizes ?? 0;
      } else if (data[0] === serverMessage.output) {
        if (isSnapshot) isSnapshot = false;
        else {
          offset += data.length - 1;
          counted.push(data.subarray(1));
        }
      }
    });
  };
  const ObservedWebSocket = class extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols, { perMessageDeflate: false });
      observe(this);
    }
  } as unknown as WebSocketConstructor;

  const terminal = openTerminal({
    client: { attachSession: () => Promise.resolve({ attach: options.attach }) } as unknown as Client,
    sessionId: "",
    screen: options.screen,
    size: options.size,
    attach: options.attach,
    WebSocket: ObservedWebSocket,
    backoff: { minimumMilliseconds: 1, maximumMilliseconds: 2 },
    onState: (state) => {
      for (const waiter of waiting) {
        if (waiter.name === state.name) waiter.resolve();
        else if (state.name === "ended") waiter.reject(new Error(`the session ended: ${JSON.stringify(state)}`));
      }
    },
  });
  return {
    terminal,
    paths,
    counted: () => Buffer.concat(counted),
    offset: () => offset,
    sizes: () => sizes,
    becomes: async (name) => {
      if (terminal.state.name === name) return;
      await new Promise<void>((resolve, reject) => waiting.add({ name, resolve, reject }));
    },
  };
}

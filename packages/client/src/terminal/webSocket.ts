/** What is used of a WebSocket: a browser's, Node's and the `ws` package's all have it. */
export interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  send(message: Uint8Array<ArrayBuffer>): void;
  close(code?: number): void;
  addEventListener(type: "open" | "error", listener: () => void): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  addEventListener(type: "close", listener: (event: { code: number }) => void): void;
}

export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

/** `readyState` of an open socket: https://websockets.spec.whatwg.org/#dom-websocket-readystate */
export const openState = 1;

/** The code that a client is told when its connection broke without a close frame (RFC 6455 §7.1.5). */
export const brokenCode = 1006;

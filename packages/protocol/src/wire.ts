import type { Hello } from "./terminalMessages.ts";

// ttyd's wire protocol: binary messages whose first byte is the type. What ttyd neither sends nor needs is marked "ours".

/** First byte of a message from the client; the hello is a bare JSON object and so starts with `{`. */
export const clientMessage = { input: 0x30, resize: 0x31, pause: 0x32, resume: 0x33, ping: 0x35, hello: 0x7b } as const;

/** First byte of a message from the terminal server. */
export const serverMessage = {
  output: 0x30,
  title: 0x31,
  preferences: 0x32,
  position: 0x33,
  exit: 0x34,
  pong: 0x35,
} as const;

/** The subprotocols a client offers: the terminal's, and the token as a name (RFC 6455 §11.5 allows its characters). */
export const terminalProtocol = "tty";
export const bearerProtocolPrefix = "bearer.";

/** Port of the terminal server in a pod, ttyd's default. */
export const terminalPort = 7681;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A message of the given type: its byte, then the payload. */
export function encodeMessage(type: number, payload: Uint8Array | string = ""): Uint8Array<ArrayBuffer> {
  const body = typeof payload === "string" ? encoder.encode(payload) : payload;
  const message = new Uint8Array(body.length + 1);
  message[0] = type;
  message.set(body, 1);
  return message;
}

/** The hello has no type byte of its own: its `{` is the type. */
export function encodeHello(hello: Hello): Uint8Array<ArrayBuffer> {
  return encoder.encode(JSON.stringify(hello));
}

/** The JSON payload behind a message's type byte; throws SyntaxError when it is none. */
export function decodeJson(message: Uint8Array): unknown {
  return JSON.parse(decoder.decode(message.subarray(1)));
}

export { CallError } from "./calls/callError.ts";
export { type Client, type ClientOptions, type QueryOptions, type StartOptions, createClient } from "./client.ts";
export { eachSession } from "./eachSession.ts";
export { startSession, waitForAttach } from "./startSession.ts";
export type { Backoff } from "./terminal/backoff.ts";
export type { Times } from "./terminal/connection.ts";
export { plainTitle } from "./terminal/messages.ts";
export type { Screen } from "./terminal/drawing.ts";
export {
  type Ended,
  type OpenTerminalOptions,
  type Terminal,
  type TerminalState,
  openTerminal,
} from "./terminal/openTerminal.ts";
export type { WebSocketConstructor, WebSocketLike } from "./terminal/webSocket.ts";

import type { CreateSessionInput, SessionAnswer, StageEvent, StartAnswer } from "@cliscale/protocol";
import { type CallOptions, type Callables, call } from "./calls/callable.ts";

export interface ClientOptions {
  /** Address of the functions, without a trailing slash; a function's name is added to it. */
  functionsUrl: string;
  /** A current Firebase ID token, asked for before each call; may throw a CallError to say why there is none. */
  idToken: () => Promise<string>;
  fetch?: typeof fetch;
}

export interface QueryOptions {
  /** Gives up the call; it then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

export interface StartOptions extends QueryOptions {
  /** Asks for a stream, and is told each stage that the start has reached. */
  onStage?: ((event: StageEvent) => void) | undefined;
}

/** The callables. All of them throw CallError; what they take and answer is documented in the protocol. */
export interface Client {
  /**
   * Creates a session. Answers when it is ready (with `attach`) or has ended, or else as it stands: a plain call after 50 s,
   * a stream after 480 s. A `requestId` is made up where the input has none.
   */
  createSession(input: CreateSessionInput, options?: StartOptions): Promise<StartAnswer>;
  /** A fresh token for a session, answered as by createSession; `failed-precondition` when the session has ended. */
  attachSession(sessionId: string, options?: StartOptions): Promise<StartAnswer>;
  getSession(sessionId: string, options?: QueryOptions): Promise<SessionAnswer>;
  /** Ends a session; one that has ended is no error. */
  stopSession(sessionId: string, options?: QueryOptions): Promise<SessionAnswer>;
}

/** How long a call may be silent, in milliseconds: more than the 50 s that a start waits, and than two heartbeats of 30 s. */
const silence = { query: 30_000, start: 70_000, stream: 90_000 };

/** A client of the callables, for browsers and Node alike. */
export function createClient(options: ClientOptions): Client {
  const callables: Callables = {
    functionsUrl: options.functionsUrl,
    idToken: options.idToken,
    // A browser's fetch refuses to be called as a method of another object.
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
  };
  return {
    async createSession(input, startOptions) {
      const data = { ...input, requestId: input.requestId ?? crypto.randomUUID() };
      return (await call(callables, "createSession", data, forStart(startOptions))) as StartAnswer;
    },
    async attachSession(sessionId, startOptions) {
      return (await call(callables, "attachSession", { sessionId }, forStart(startOptions))) as StartAnswer;
    },
    async getSession(sessionId, queryOptions) {
      return (await call(callables, "getSession", { sessionId }, forQuery(queryOptions))) as SessionAnswer;
    },
    async stopSession(sessionId, queryOptions) {
      return (await call(callables, "stopSession", { sessionId }, forQuery(queryOptions))) as SessionAnswer;
    },
  };
}

function forStart({ signal, onStage }: StartOptions = {}): CallOptions {
  if (!onStage) return { signal, silenceMilliseconds: silence.start };
  return { signal, silenceMilliseconds: silence.stream, onChunk: (chunk) => onStage(chunk as StageEvent) };
}

function forQuery({ signal }: QueryOptions = {}): CallOptions {
  return { signal, silenceMilliseconds: silence.query };
}

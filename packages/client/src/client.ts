import type {
  CallableInput,
  CallableName,
  CallableOutput,
  CreateSessionInput,
  ListSessionsInput,
  SessionAnswer,
  SessionList,
  StageEvent,
  StartAnswer,
} from "@cliscale/protocol";
import { type CallOptions, type Callables, call } from "./calls/callable.ts";

export interface ClientOptions {
  /** Address of the functions, without a trailing slash; a function's name is added to it. */
  functionsUrl: string;
  /**
   * A current Firebase ID token, asked for before each call, or a new one where the last was refused; may throw a CallError to
   * say why there is none.
   */
  idToken: (isRefused: boolean) => Promise<string>;
  /** A current App Check token, where the deployment asks for one; undefined for none. */
  appCheckToken?: () => Promise<string | undefined>;
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
  /** A page of the caller's own sessions, newest first; `eachSession` goes through all pages. */
  listSessions(input?: ListSessionsInput, options?: QueryOptions): Promise<SessionList>;
  /**
   * Lets a session live for so many seconds from now on at least, up to the longest lifetime that is allowed;
   * `failed-precondition` when it has ended.
   */
  extendSession(sessionId: string, lifetimeSeconds: number, options?: QueryOptions): Promise<SessionAnswer>;
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
    appCheckToken: options.appCheckToken,
    // A browser's fetch refuses to be called as a method of another object.
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
  };
  const ask = async <Name extends CallableName>(
    name: Name,
    input: CallableInput<Name>,
    callOptions: CallOptions,
  ): Promise<CallableOutput<Name>> => (await call(callables, name, input, callOptions)) as CallableOutput<Name>;

  return {
    createSession(input, startOptions) {
      const request = { ...input, requestId: input.requestId ?? crypto.randomUUID() };
      return ask("createSession", request, forStart(startOptions));
    },
    attachSession: (sessionId, startOptions) => ask("attachSession", { sessionId }, forStart(startOptions)),
    getSession: (sessionId, queryOptions) => ask("getSession", { sessionId }, forQuery(queryOptions)),
    listSessions: (input, queryOptions) => ask("listSessions", input ?? {}, forQuery(queryOptions)),
    extendSession: (sessionId, lifetimeSeconds, queryOptions) =>
      ask("extendSession", { sessionId, lifetimeSeconds }, forQuery(queryOptions)),
    stopSession: (sessionId, queryOptions) => ask("stopSession", { sessionId }, forQuery(queryOptions)),
  };
}

function forStart({ signal, onStage }: StartOptions = {}): CallOptions {
  if (!onStage) return { signal, silenceMilliseconds: silence.start };
  return { signal, silenceMilliseconds: silence.stream, onChunk: (chunk) => onStage(chunk as StageEvent) };
}

function forQuery({ signal }: QueryOptions = {}): CallOptions {
  return { signal, silenceMilliseconds: silence.query };
}

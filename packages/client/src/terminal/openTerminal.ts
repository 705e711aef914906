import {
  type Attach,
  type Exit,
  type Session,
  type TerminalSize,
  canAttachAgain,
  closeCodes,
} from "@cliscale/protocol";
import { CallError } from "../calls/callError.ts";
import { delay } from "../calls/silence.ts";
import type { Client } from "../client.ts";
import { type Backoff, backoffMilliseconds, defaultBackoff } from "./backoff.ts";
import { type Closing, type Connection, type Times, connect, defaultTimes } from "./connection.ts";
import { type Screen, createDrawing } from "./drawing.ts";
import type { WebSocketConstructor } from "./webSocket.ts";

export type TerminalState =
  | { name: "connecting" }
  | {
      name: "attached";
      /** Whether this terminal's size and answers count; another client's do else, until something is typed here. */
      controller: boolean;
    }
  | {
      name: "reattaching";
      /** When it is tried next, in milliseconds since 1970; undefined while it is being tried. */
      nextTryAt?: number;
      /** What went wrong last: the code that the socket was closed with, or a call that failed. */
      cause: { closeCode: number } | { error: CallError };
    }
  | ({ name: "ended" } & Ended);

/** Why a terminal is over. At least one of the fields is there. */
export interface Ended {
  /** The command has ended, and said so. */
  exit?: Exit;
  /** The session as it stands after its end, with the reason; asked for where no exit was told. */
  session?: Session;
  /** The gateway refuses for good. */
  closeCode?: number;
  /** A call was refused for good. */
  error?: CallError;
}

export interface OpenTerminalOptions {
  client: Client;
  sessionId: string;
  /** From the call that started the session; without it attachSession is called first. */
  attach?: Attach | undefined;
  screen: Screen;
  /** How much of the terminal can be shown. */
  size: TerminalSize;
  onState: (state: TerminalState) => void;
  onTitle?: (title: string) => void;
  /** From here to the terminal server and back, in milliseconds; a stock ttyd is not measured. */
  onRoundTrip?: (milliseconds: number) => void;
  /** The global one by default. */
  WebSocket?: WebSocketConstructor;
  backoff?: Backoff;
  times?: Times;
}

/** A terminal that stays attached to its session: when the connection is lost it attaches again, until the session ends. */
export interface Terminal {
  readonly state: TerminalState;
  /** Types into the terminal. Nothing is sent, and false returned, while it is not attached. */
  input(data: string | Uint8Array): boolean;
  /** How much can be shown now. The screen is told its size when that takes effect. */
  resize(size: TerminalSize): void;
  /** The network or the page is back: a reattach that waits is tried at once, and a connection is checked. */
  wake(): void;
  /** Whether this screen answers the program's queries that it draws now; see Drawing. */
  readonly answersQueries: boolean;
  /** Detaches; the session goes on. Nothing is reported any more. */
  close(): void;
}

/** A connection that was attached for so long did not fail at once, so what follows it is a first failure again. */
const steadyMilliseconds = 5000;

/** A session that is said to be over is asked for so often, with so long in between, until its row says why. */
const endQueries = { maximum: 10, pauseMilliseconds: 1000 };

/** How an attempt to attach came out. */
type Outcome = { closing: Closing } | { error: CallError };

const encoder = new TextEncoder();

/** Attaches to a session and keeps the screen in step with it. Failures are reported as states, never thrown. */
export function openTerminal(options: OpenTerminalOptions): Terminal {
  const { client, sessionId, screen, backoff = defaultBackoff } = options;
  const lifetime = new AbortController();
  const drawing = createDrawing(screen, () => connection?.adjustFlow());
  let state: TerminalState = { name: "connecting" };
  let size = options.size;
  let connection: Connection | undefined;
  let nap: AbortController | undefined;

  async function stayAttached() {
    let attach = options.attach;
    for (let failures = 1; ; failures++) {
      const outcome = await attachOnce(attach);
      const ended = await endOf(outcome);
      if (ended) return change({ name: "ended", ...ended });
      if (wasSteady(outcome)) failures = 1;
      await waitForNextTry(outcome, failures);
      attach = undefined;
    }
  }

  /** One attempt, from the token to the end of the connection. */
  async function attachOnce(given: Attach | undefined): Promise<Outcome> {
    try {
      const attach = given ?? (await freshAttach());
      connection = openConnection(attach);
      const closing = await connection.closed;
      lifetime.signal.throwIfAborted();
      return { closing };
    } catch (error) {
      lifetime.signal.throwIfAborted();
      return { error: error instanceof CallError ? error : new CallError("internal", String(error)) };
    } finally {
      connection = undefined;
    }
  }

  async function freshAttach(): Promise<Attach> {
    const { attach, session } = await client.attachSession(sessionId, { signal: lifetime.signal });
    if (attach) return attach;
    throw session.state === "ended"
      ? new CallError("failed-precondition", "The session has ended.")
      : new CallError("unavailable", "The session is still starting.");
  }

  function openConnection(attach: Attach): Connection {
    return connect({
      WebSocket: options.WebSocket ?? WebSocket,
      attach,
      size: () => size,
      drawing,
      times: options.times ?? defaultTimes,
      onMessage: () => change({ name: "attached", controller: drawing.isController }),
      onTitle: (title) => options.onTitle?.(title),
      onRoundTrip: (milliseconds) => options.onRoundTrip?.(milliseconds),
    });
  }

  /** Why it is over; undefined when it can be tried again. */
  async function endOf(outcome: Outcome): Promise<Ended | undefined> {
    if ("error" in outcome) return endOfCall(outcome.error);
    const { code, exit } = outcome.closing;
    if (exit) return { exit };
    if (canAttachAgain(code)) return undefined;
    return code === closeCodes.forbidden ? { closeCode: code } : { closeCode: code, ...(await endOfSession()) };
  }

  async function endOfCall(error: CallError): Promise<Ended | undefined> {
    if (isPassing(error)) return undefined;
    return error.code === "failed-precondition" ? { error, ...(await endOfSession()) } : { error };
  }

  /** What the session's row says; nothing when it does not say in time that the session has ended. */
  async function endOfSession(): Promise<Ended> {
    const { signal } = lifetime;
    for (let query = 1; query <= endQueries.maximum; query++) {
      try {
        const { session } = await client.getSession(sessionId, { signal });
        if (session.state === "ended") return { session };
      } catch (error) {
        if (!(error instanceof CallError)) throw error;
        if (!isPassing(error)) return { error };
      }
      await delay(endQueries.pauseMilliseconds, signal);
    }
    return {};
  }

  async function waitForNextTry(outcome: Outcome, failures: number) {
    const cause = "error" in outcome ? outcome : { closeCode: outcome.closing.code };
    const milliseconds = pauseAfter(outcome, failures, backoff);
    nap = new AbortController();
    if (milliseconds > 0) change({ name: "reattaching", cause, nextTryAt: Date.now() + milliseconds });
    await delay(milliseconds, AbortSignal.any([nap.signal, lifetime.signal])).catch(() => {});
    lifetime.signal.throwIfAborted();
    nap = undefined;
    change({ name: "reattaching", cause });
  }

  function change(next: TerminalState) {
    const isSame = state.name === "attached" && next.name === "attached" && state.controller === next.controller;
    if (isSame || lifetime.signal.aborted) return;
    state = next;
    options.onState(next);
  }

  stayAttached().catch((error: unknown) => {
    change({ name: "ended", error: new CallError("internal", String(error)) });
  });

  return {
    get state() {
      return state;
    },
    get answersQueries() {
      return drawing.answersQueries;
    },
    input(data) {
      if (state.name !== "attached" || !connection) return false;
      connection.input(typeof data === "string" ? encoder.encode(data) : data);
      return true;
    },
    resize(next) {
      size = next;
      connection?.resize(size);
      // The runner's server says when a new size takes effect in its output; a stock ttyd does not.
      const isOver = state.name === "ended" || lifetime.signal.aborted;
      if (!drawing.isFollowing || isOver) screen.resize(size);
    },
    wake() {
      nap?.abort();
      connection?.check();
    },
    close() {
      lifetime.abort();
      connection?.close();
    },
  };
}

/** Whether the same call may succeed later. */
function isPassing({ code }: CallError): boolean {
  return code === "unavailable" || code === "internal" || code === "resource-exhausted";
}

function wasSteady(outcome: Outcome): boolean {
  return "closing" in outcome && outcome.closing.attachedMilliseconds >= steadyMilliseconds;
}

function pauseAfter(outcome: Outcome, failures: number, backoff: Backoff): number {
  // Another gateway answers at once; a second one that drains as well is given time.
  if ("closing" in outcome && outcome.closing.code === closeCodes.draining && failures === 1) return 0;
  const asked = "error" in outcome ? (outcome.error.details.retryAfterSeconds ?? 0) * 1000 : 0;
  return Math.max(asked, backoffMilliseconds(failures, backoff));
}

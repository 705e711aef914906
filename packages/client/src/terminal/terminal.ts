// What a terminal is to who opens one.
import type { Attach, Exit, Session, TerminalSize } from "@cliscale/protocol";
import type { CallError } from "../calls/callError.ts";
import type { Client } from "../client.ts";
import type { Backoff } from "./backoff.ts";
import type { Times } from "./connection.ts";
import type { Screen } from "./drawing.ts";
import type { WebSocketConstructor } from "./webSocket.ts";

export type TerminalState =
  | { name: "connecting" }
  | {
      name: "attached";
      /** Whether this terminal's size and answers count; another client's do else, until something is typed here. */
      controller: boolean;
      /** What was typed last, while a gateway restarted, was not sent. */
      inputLost?: true;
    }
  | {
      name: "reattaching";
      /** When it is tried next, in milliseconds since 1970; undefined while it is being tried. */
      nextTryAt?: number;
      /** It is tried next when the terminal is shown: it is hidden, and nobody uses it. */
      whenShown?: true;
      inputLost?: true;
      cause: Cause;
    }
  | ({ name: "ended" } & Ended);

/** What went wrong last: the code that the socket was closed with, or a call that failed. */
export type Cause = { closeCode: number } | { error: CallError };

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
  /** For how long after its last use a hidden terminal may still attach again by itself; a minute by default. */
  graceMilliseconds?: number;
}

/** A terminal that stays attached to its session: when the connection is lost it attaches again, until the session ends. */
export interface Terminal {
  readonly state: TerminalState;
  /**
   * Types into the terminal. Nothing is sent, and false returned, while it is not attached. The exception is a gateway that
   * restarts (1012): for 2 s what is typed is held, and sent once by the next attach.
   */
  input(data: string | Uint8Array): boolean;
  /** Sends what the screen replies to a query of the program: nobody has typed it, and a reply that comes late is none. */
  reply(data: string): void;
  /** How much can be shown now. The screen is told its size when that takes effect. */
  resize(size: TerminalSize): void;
  /** The network or the page is back: a reattach that waits is tried at once, and a connection is checked. */
  wake(): void;
  /**
   * Whether the terminal can be seen, which it can until this says otherwise. An attach counts as activity in the session, so
   * a hidden terminal that has not been used for a while does not attach again until it is shown; it then does at once.
   */
  setHidden(isHidden: boolean): void;
  /** Whether this screen answers the program's queries that it draws now; see Drawing. */
  readonly answersQueries: boolean;
  /** Detaches; the session goes on. Nothing is reported any more. */
  close(): void;
}

import type { Position, Resume, TerminalSize } from "@cliscale/protocol";

/** Where a terminal is drawn. What is asked of it takes effect in that order, though bytes may take a while to be drawn. */
export interface Screen {
  /** Draws output of the program; `drawn` is called when that is done. */
  write(bytes: Uint8Array, drawn: () => void): void;
  /** Forgets all that was drawn: screen, scrollback, modes, half a character or sequence. */
  reset(): void;
  resize(size: TerminalSize): void;
}

/** Keeps what is drawn in step with the output stream of the terminal server, over any number of connections. */
export interface Drawing {
  /** A new connection: what it sends continues nothing until it says so. */
  begin(): void;
  /** The connection is gone: nothing that is still drawn is answered, since the server does that for who has left. */
  end(): void;
  position(position: Position): void;
  output(bytes: Uint8Array): void;
  /** What to ask a new connection to resume from; undefined while there is nothing to resume. */
  readonly resume: Resume | undefined;
  /** Whether this connection tells where its output belongs, which a stock ttyd never does. */
  readonly isPositioned: boolean;
  /** Whether the screen shows a stream that a server has positioned, so that the server sets its size. */
  readonly isFollowing: boolean;
  /** Whether this terminal's size and answers count. */
  readonly isController: boolean;
  /**
   * Whether this screen answers the program's queries that it draws now. Those before the head were answered when they were
   * new, and where another client is the controller, that one answers.
   */
  readonly answersQueries: boolean;
  /** Bytes handed to the screen and not yet drawn. */
  readonly undrawnBytes: number;
}

/** What a connection has said about its output. */
type Connection =
  | { kind: "unknown" }
  | { kind: "unpositioned" }
  | { kind: "positioned"; controller: boolean; head: number };

/** `onDrawn` is called each time that bytes have been drawn. */
export function createDrawing(screen: Screen, onDrawn: () => void): Drawing {
  let connection: Connection = { kind: "unknown" };
  // Which part of which stream the screen shows. What is handed over is drawn before all that is handed over later, so a
  // new connection continues at `handed`; `drawn` follows it.
  let epoch: string | undefined;
  let handed = 0;
  let drawn = 0;
  /** How many changes of size the screen has been handed, where the server counts them. */
  let sizes: number | undefined;
  let snapshot: "none" | "announced" | "handed" = "none";
  // Bytes from before the screen was last cleared may still be on their way to it; they do not count for what came after.
  let clearings = 0;
  let undrawnBytes = 0;
  let isBlank = true;

  function position(next: Position) {
    const continues = !next.snapshot && next.epoch === epoch && next.offset === handed;
    if (!continues) {
      clear(next.epoch, next.offset);
      snapshot = next.snapshot ? "announced" : "none";
    }
    screen.resize({ columns: next.columns, rows: next.rows });
    sizes = next.sizes;
    connection = { kind: "positioned", controller: next.controller, head: headAfter(next, continues) };
  }

  function headAfter(next: Position, continues: boolean): number {
    // What has come in since this terminal became the controller is for it to answer, however far behind it draws.
    return continues && connection.kind === "positioned" && connection.controller ? connection.head : next.head;
  }

  function output(bytes: Uint8Array) {
    if (connection.kind === "unknown") {
      // A terminal of its own, which continues nothing.
      if (!isBlank) clear(undefined, 0);
      connection = { kind: "unpositioned" };
    }
    if (snapshot === "announced") {
      drawSnapshot(bytes);
    } else {
      // Who answers queries changes at the head, so what lies before it is drawn apart from what lies behind.
      const beforeHead = connection.kind === "positioned" ? Math.max(connection.head - handed, 0) : 0;
      drawCounted(bytes.subarray(0, beforeHead));
      drawCounted(bytes.subarray(beforeHead));
    }
  }

  function drawSnapshot(bytes: Uint8Array) {
    snapshot = "handed";
    draw(bytes, () => {
      snapshot = "none";
    });
  }

  function drawCounted(bytes: Uint8Array) {
    if (bytes.length === 0) return;
    handed += bytes.length;
    const end = handed;
    draw(bytes, () => {
      drawn = end;
    });
  }

  function draw(bytes: Uint8Array, count: () => void) {
    const since = clearings;
    isBlank = false;
    undrawnBytes += bytes.length;
    screen.write(bytes, () => {
      undrawnBytes -= bytes.length;
      if (since === clearings) count();
      onDrawn();
    });
  }

  function clear(nextEpoch: string | undefined, offset: number) {
    screen.reset();
    clearings++;
    isBlank = true;
    epoch = nextEpoch;
    handed = offset;
    drawn = offset;
    snapshot = "none";
  }

  return {
    begin() {
      connection = { kind: "unknown" };
      // A snapshot that was announced and never came leaves a cleared screen, from which nothing continues.
      if (snapshot === "announced") clear(undefined, 0);
    },
    end() {
      connection = { kind: "unknown" };
    },
    position,
    output,
    get resume() {
      if (epoch === undefined) return undefined;
      return sizes === undefined ? { epoch, offset: handed } : { epoch, offset: handed, sizes };
    },
    get isPositioned() {
      return connection.kind === "positioned";
    },
    get isFollowing() {
      return epoch !== undefined;
    },
    get isController() {
      return connection.kind !== "positioned" || connection.controller;
    },
    get answersQueries() {
      if (connection.kind !== "positioned") return connection.kind === "unpositioned";
      return connection.controller && snapshot === "none" && drawn >= connection.head;
    },
    get undrawnBytes() {
      return undrawnBytes;
    },
  };
}

import { type Attach, closeCodes } from "@cliscale/protocol";
import { CallError } from "../calls/callError.ts";
import { createAttention } from "./attention.ts";
import { defaultBackoff } from "./backoff.ts";
import { type Connection, connect, defaultTimes } from "./connection.ts";
import { createDrawing } from "./drawing.ts";
import { type FreshAttach, askForAttach } from "./freshAttach.ts";
import { createHeldInput } from "./heldInput.ts";
import { createNextTry } from "./nextTry.ts";
import { watchForSleep } from "./sleepWatch.ts";
import type { Cause, OpenTerminalOptions, Terminal, TerminalState } from "./terminal.ts";
import { type Outcome, whyEnded } from "./whyEnded.ts";

const defaultGraceMilliseconds = 60_000;

const encoder = new TextEncoder();

/** Attaches to a session and keeps the screen in step with it. Failures are reported as states, never thrown. */
export function openTerminal(options: OpenTerminalOptions): Terminal {
  const { client, sessionId, screen, backoff = defaultBackoff } = options;
  const lifetime = new AbortController();
  const { signal } = lifetime;
  const drawing = createDrawing(screen, () => connection?.adjustFlow());
  const attention = createAttention(options.graceMilliseconds ?? defaultGraceMilliseconds);
  const nextTry = createNextTry({ backoff, attention, signal, onWait: (wait) => showReattaching(wait) });
  const held = createHeldInput(() => showReattaching({}));
  const sleep = watchForSleep(wake);
  let state: TerminalState = { name: "connecting" };
  let size = options.size;
  let connection: Connection | undefined;
  let call: FreshAttach | undefined;
  let cause: Cause | undefined;
  let isInputLost = false;

  async function stayAttached() {
    let attach = options.attach;
    for (;;) {
      const outcome = await attachOnce(attach);
      const ended = await whyEnded(outcome, { client, sessionId, signal });
      if (ended) return end({ name: "ended", ...ended });
      cause = "error" in outcome ? outcome : { closeCode: outcome.closing.code };
      holdInputAfter(outcome);
      await nextTry.wait(outcome);
      if (!held.isHolding) showReattaching({});
      attach = undefined;
    }
  }

  /** One attempt, from the token to the end of the connection. */
  async function attachOnce(given: Attach | undefined): Promise<Outcome> {
    try {
      const attach = given ?? (await freshAttach());
      connection = openConnection(attach);
      const closing = await connection.closed;
      signal.throwIfAborted();
      return { closing };
    } catch (error) {
      signal.throwIfAborted();
      return { error: error instanceof CallError ? error : new CallError("internal", String(error)) };
    } finally {
      connection = undefined;
      drawing.end();
    }
  }

  async function freshAttach(): Promise<Attach> {
    call = askForAttach(client, sessionId, cause !== undefined, signal);
    try {
      return await call.attach;
    } finally {
      call = undefined;
    }
  }

  function openConnection(attach: Attach): Connection {
    return connect({
      WebSocket: options.WebSocket ?? WebSocket,
      attach,
      size: () => size,
      drawing,
      times: options.times ?? defaultTimes,
      onMessage: attached,
      onTitle: (title) => options.onTitle?.(title),
      onRoundTrip(milliseconds) {
        nextTry.alive();
        options.onRoundTrip?.(milliseconds);
      },
    });
  }

  function attached() {
    for (const piece of held.release()) connection?.input(piece);
    change({ name: "attached", controller: drawing.isController, ...(isInputLost && { inputLost: true }) });
  }

  /** A gateway that restarts is left for another one unnoticed, unless that takes long or has to be waited for. */
  function holdInputAfter(outcome: Outcome) {
    const isDraining = "closing" in outcome && outcome.closing.code === closeCodes.draining;
    if (isDraining && state.name === "attached" && !held.isHolding) held.hold();
  }

  function showReattaching(wait: { nextTryAt?: number; whenShown?: true }) {
    isInputLost = held.drop() || isInputLost;
    if (cause) change({ name: "reattaching", cause, ...wait, ...(isInputLost && { inputLost: true }) });
  }

  function end(ended: TerminalState) {
    sleep.stop();
    held.drop();
    change(ended);
  }

  function change(next: TerminalState) {
    if (isSame(state, next) || signal.aborted) return;
    state = next;
    options.onState(next);
  }

  function wake() {
    nextTry.wake();
    call?.wake();
    connection?.check();
  }

  function type(bytes: Uint8Array): boolean {
    if (state.name !== "attached") return false;
    attention.used();
    if (held.isHolding) return held.add(bytes) || loseInput();
    if (!connection) return false;
    isInputLost = false;
    connection.input(bytes);
    return true;
  }

  function loseInput(): false {
    isInputLost = true;
    return false;
  }

  stayAttached().catch((error: unknown) => {
    end({ name: "ended", error: new CallError("internal", String(error)) });
  });

  return {
    get state() {
      return state;
    },
    get answersQueries() {
      return drawing.answersQueries;
    },
    reply: (data) => connection?.input(encoder.encode(data)),
    input: (data) => type(typeof data === "string" ? encoder.encode(data) : data),
    resize(next) {
      size = next;
      connection?.resize(size);
      // The runner's server says when a new size takes effect in its output; a stock ttyd does not.
      const isOver = state.name === "ended" || signal.aborted;
      if (!drawing.isFollowing || isOver) screen.resize(size);
    },
    wake,
    setHidden(isHidden) {
      attention.setHidden(isHidden);
      if (!isHidden) wake();
    },
    close() {
      lifetime.abort();
      sleep.stop();
      held.drop();
      connection?.close();
    },
  };
}

/** Whether a state is no news: every message of the server says that it is attached. */
function isSame(one: TerminalState, other: TerminalState): boolean {
  if (one.name !== "attached" || other.name !== "attached") return false;
  return one.controller === other.controller && one.inputLost === other.inputLost;
}

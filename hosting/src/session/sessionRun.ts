import { CallError, type Client, type Ended, type TerminalState, startSession, waitForAttach } from "@cliscale/client";
import type { Attach, CreateSessionInput, Session, StageEvent, StartAnswer } from "@cliscale/protocol";
import type { AttachAddon, Progress, TerminalView } from "../terminal/terminal.ts";
import { followPage, untilShown } from "./followPage.ts";
import { loadTerminalCode } from "./terminalCode.ts";
import { touchSession } from "./touchSession.ts";

/** What a run begins with: a session to be created, or one to attach to. */
export type Beginning = { input: CreateSessionInput & { requestId: string } } | { sessionId: string };

export interface SessionRunOptions {
  client: Client;
  beginning: Beginning;
  /** Where the terminal is shown. */
  place: HTMLElement;
  onStage: (event: StageEvent) => void;
  /** The session exists. */
  onCreated: (sessionId: string) => void;
  /** What the session runs is known. */
  onSession: (session: Session) => void;
  /** The start was refused, and there is no session. */
  onRefused: (error: CallError) => void;
  onState: (state: TerminalState) => void;
  /** What is to be sent for what has been typed. */
  typed: (data: string) => string;
  /** What is typed here has been sent. */
  onTyped: () => void;
  onTitle: (title: string) => void;
  onProgress: (progress: Progress | undefined) => void;
  onBell: () => void;
  onRoundTrip: (milliseconds: number) => void;
  onLeaveTerminal: () => void;
}

/** One session on the page, from its start, or from attaching to it, to its end. */
export interface SessionRun {
  /** Its terminal, once there is one. */
  readonly view: TerminalView | undefined;
  /** Ends the session. @throws CallError */
  stop(): Promise<void>;
  /** Does what counts as activity, so that the session does not end for being idle. @throws CallError */
  stay(): Promise<void>;
  /** The reader does not want to wait. */
  wake(): void;
  /** Leaves the session, which goes on, and takes away what is shown of it. */
  dispose(): void;
}

export function runSession(options: SessionRunOptions): SessionRun {
  const { client, beginning } = options;
  const waiting = new AbortController();
  let sessionId = "sessionId" in beginning ? beginning.sessionId : undefined;
  let attachment: AttachAddon | undefined;
  let view: TerminalView | undefined;
  let isOver = false;

  async function run() {
    const { session, attach } = await begin();
    waiting.signal.throwIfAborted();
    created(session.id);
    options.onSession(session);
    if (attach) await showTerminal(session.id, attach);
    else end({ session });
  }

  async function begin(): Promise<StartAnswer> {
    const how = { signal: waiting.signal, onStage };
    if ("input" in beginning) return startSession(client, beginning.input, how);
    // A tab that a browser opens again by itself must not keep a session alive that nobody looks at.
    await untilShown(waiting.signal);
    return waitForAttach(client, beginning.sessionId, how);
  }

  function onStage(event: StageEvent) {
    if (event.sessionId !== undefined) created(event.sessionId);
    options.onStage(event);
  }

  function created(id: string) {
    sessionId = id;
    options.onCreated(id);
  }

  async function showTerminal(id: string, attach: Attach) {
    const { createAttachAddon, createTerminalView } = await loadTerminalCode();
    waiting.signal.throwIfAborted();
    options.place.hidden = false;
    // Nothing of the start takes room any more when the terminal is measured.
    options.onState({ name: "connecting" });
    attachment = createAttachAddon({ ...options, sessionId: id, attach });
    view = createTerminalView(options.place, attachment, { ...options, onLeave: options.onLeaveTerminal });
    followPage(attachment, waiting.signal);
  }

  function end(ended: Ended) {
    if (isOver) return;
    leave();
    options.onState({ name: "ended", ...ended });
  }

  function fail(error: unknown) {
    if (waiting.signal.aborted) return;
    const failure = error instanceof CallError ? error : new CallError("internal", String(error));
    if (sessionId === undefined) options.onRefused(failure);
    else end({ error: failure });
  }

  function leave() {
    isOver = true;
    waiting.abort();
    attachment?.close();
  }

  /** The id of a session that is starting may not have come yet: the same call again, without a stream, tells it. */
  async function askForId(input: CreateSessionInput): Promise<string> {
    waiting.abort();
    const { session } = await client.createSession(input);
    return session.id;
  }

  run().catch(fail);

  return {
    get view() {
      return view;
    },
    async stop() {
      sessionId ??= "input" in beginning ? await askForId(beginning.input) : beginning.sessionId;
      const { session } = await client.stopSession(sessionId);
      end({ session });
    },
    async stay() {
      if (sessionId !== undefined && view) await touchSession(client, sessionId, view.room);
    },
    wake: () => attachment?.wake(),
    dispose() {
      leave();
      view?.dispose();
      options.place.hidden = true;
    },
  };
}

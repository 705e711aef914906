import { CallError, type Client } from "@cliscale/client";
import type { Session } from "@cliscale/protocol";
import { byId } from "../dom.ts";
import { type NextEnd, nextEnd } from "./nextEnd.ts";
import { clockDuration, errorInWords } from "./words.ts";

/** Warns before a session ends for being idle or at the end of its lifetime, with a button that puts it off. */
export interface TimeWarning {
  /** This page has just attached to the session, or typed into it: it is watched from now on. */
  active(session: Session): void;
  stop(): void;
}

export interface TimeWarningOptions {
  client: Client;
  /** Does what counts as activity in the session. */
  onStay: () => Promise<void>;
  signal: AbortSignal;
}

/** While a warning is shown, another window may make it void; and how long to wait after a call that failed. */
const lookMilliseconds = 5000;
/** The longest that a browser's timer waits. */
const longestMilliseconds = 2 ** 31 - 1;
const extensionSeconds = 3600;
/** An extension by less is none: the longest lifetime is reached. */
const leastExtensionMilliseconds = 60_000;

export function createTimeWarning({ client, onStay, signal }: TimeWarningOptions): TimeWarning {
  const box = byId("warning", HTMLDivElement);
  const text = byId("warning-text", HTMLSpanElement);
  const left = byId("warning-left", HTMLSpanElement);
  const answer = byId("warning-answer", HTMLParagraphElement);
  const button = byId("put-off", HTMLButtonElement);
  let watching: AbortController | undefined;
  /** The session as it was last answered. */
  let known: Session | undefined;
  let activeAt = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let countdown: ReturnType<typeof setInterval> | undefined;

  function active(session: Session) {
    activeAt = Date.now();
    if (known?.id !== session.id) {
      stop();
      watching = new AbortController();
      plan(session);
    } else if (!box.hidden) plan(known);
  }

  /** Looks again when there may be something to warn of: until then, what the session does moves its end. */
  function plan(session: Session) {
    known = session;
    const end = nextEnd(session, activeAt);
    const wait = end.warnAt - Date.now();
    if (wait > 0) hide();
    else show(end);
    lookIn(wait > 0 ? Math.min(wait, longestMilliseconds) : lookMilliseconds);
  }

  function lookIn(milliseconds: number) {
    clearTimeout(timer);
    timer = setTimeout(() => void look(), milliseconds);
  }

  async function look() {
    const mine = watching?.signal;
    if (!known || !mine) return;
    try {
      const { session } = await client.getSession(known.id, { signal: mine });
      if (mine.aborted) return;
      if (session.state === "ended") stop();
      else plan(session);
    } catch {
      // The terminal says what is wrong with the connection.
      if (!mine.aborted) lookIn(lookMilliseconds);
    }
  }

  function show({ cause, at }: NextEnd) {
    const sentence = `${sentences[cause]} at ${new Date(at).toLocaleTimeString()}`;
    // An alert is read out when it changes.
    if (box.hidden || text.textContent !== sentence) {
      box.dataset["cause"] = cause;
      text.textContent = sentence;
      button.textContent = buttons[cause];
      answer.textContent = "";
    }
    box.hidden = false;
    clearInterval(countdown);
    const count = () => {
      left.textContent = `in ${clockDuration(at - Date.now())}`;
    };
    count();
    countdown = setInterval(count, 1000);
  }

  function hide() {
    clearInterval(countdown);
    box.hidden = true;
    answer.textContent = "";
  }

  function stop() {
    watching?.abort();
    watching = undefined;
    known = undefined;
    clearTimeout(timer);
    hide();
  }

  async function putOff() {
    const mine = watching?.signal;
    if (!known || !mine) return;
    button.disabled = true;
    try {
      const problem = box.dataset["cause"] === "idle" ? await stay(known) : await extend(known);
      if (mine.aborted) return;
      answer.textContent = problem ?? "";
    } catch (error) {
      if (!mine.aborted) answer.textContent = error instanceof CallError ? errorInWords(error) : String(error);
    } finally {
      button.disabled = false;
    }
  }

  async function stay(session: Session): Promise<undefined> {
    await onStay();
    if (watching) active(session);
  }

  /** Returns why it could not be put off. */
  async function extend(before: Session): Promise<string | undefined> {
    const leftSeconds = Math.max(0, Math.ceil((Date.parse(before.expiresAt) - Date.now()) / 1000));
    const { session } = await client.extendSession(before.id, leftSeconds + extensionSeconds, { signal });
    const gained = Date.parse(session.expiresAt) - Date.parse(before.expiresAt);
    if (watching) plan(session);
    return gained < leastExtensionMilliseconds
      ? "It has reached the longest lifetime that this service allows."
      : undefined;
  }

  button.addEventListener("click", () => void putOff(), { signal });
  return { active, stop };
}

const sentences: Record<NextEnd["cause"], string> = {
  idle: "Nothing is happening here: the session ends",
  lifetime: "The session’s time is nearly up: it ends",
};

const buttons: Record<NextEnd["cause"], string> = { idle: "Keep it", lifetime: "Extend by an hour" };

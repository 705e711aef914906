import type { TerminalState } from "@cliscale/client";
import type { StageEvent } from "@cliscale/protocol";
import { byId } from "../dom.ts";
import { stageInWords } from "./stageWords.ts";
import { attachedInWords, clockDuration, endInWords, reattachingInWords } from "./words.ts";

export type PageState = TerminalState | { name: "idle" } | Starting;

interface Starting {
  name: "starting";
  /** How far the start is; undefined before the service has answered. */
  event?: StageEvent;
}

/** Says how the session stands, to the reader, to screen readers and, as data attributes, to tests. */
export interface StatusLine {
  show(state: PageState): void;
  showRoundTrip(milliseconds: number | undefined): void;
  showTitle(title: string): void;
}

/** From here on typing feels late. */
const slowMilliseconds = 250;

export function createStatusLine(): StatusLine {
  const status = byId("status", HTMLParagraphElement);
  const reattach = byId("reattach", HTMLButtonElement);
  const roundTrip = byId("round-trip", HTMLParagraphElement);
  const title = byId("title", HTMLParagraphElement);
  let countdown: ReturnType<typeof setInterval> | undefined;
  /** The stage that is shown, and since when it has been reached. */
  let waiting: { stage: string; since: number } | undefined;

  function show(state: PageState) {
    clearInterval(countdown);
    status.dataset["state"] = state.name;
    delete status.dataset["exitCode"];
    delete status.dataset["endReason"];
    reattach.hidden = true;
    if (state.name !== "attached") showRoundTrip(undefined);
    if (state.name !== "starting") waiting = undefined;
    if (state.name === "reattaching") return showReattaching(state);
    if (state.name === "starting") return showStarting(state);
    say(state.name === "ended" ? describeEnd(state) : describe(state));
  }

  function say(sentence: string) {
    status.textContent = sentence;
    // Where there is no room for all of it.
    status.title = sentence;
  }

  function describeEnd(state: Extract<PageState, { name: "ended" }>): string {
    const { sentence, reason, exitCode } = endInWords(state);
    status.dataset["endReason"] = reason;
    if (exitCode !== undefined) status.dataset["exitCode"] = String(exitCode);
    return sentence;
  }

  function showStarting({ event }: Starting) {
    if (!event) return say("Asking for a session …");
    // A stage that is told again, with a message or another place in line, has not begun anew.
    if (waiting?.stage !== event.stage) waiting = { stage: event.stage, since: Date.parse(event.at) };
    const { since } = waiting;
    countSeconds(
      () => stageInWords(event, Date.now() - since),
      () => ` (${clockDuration(Date.now() - since)})`,
    );
  }

  /** A sentence with seconds behind it, which are not for screen readers: they would read out every one. */
  function countSeconds(sentence: () => string, seconds: () => string) {
    const element = document.createElement("span");
    element.ariaHidden = "true";
    let said = "";
    const count = () => {
      element.textContent = seconds();
      if (sentence() === said) return;
      said = sentence();
      say(said);
      status.append(element);
    };
    count();
    countdown = setInterval(count, 1000);
  }

  function showReattaching(state: Extract<PageState, { name: "reattaching" }>) {
    const { nextTryAt } = state;
    const sentence = () => reattachingInWords(state, !navigator.onLine);
    if (state.whenShown) return say(sentence());
    if (nextTryAt === undefined) return say(`${sentence()}now …`);
    countSeconds(sentence, () => `in ${Math.max(1, Math.ceil((nextTryAt - Date.now()) / 1000))} s.`);
    reattach.hidden = false;
  }

  function showRoundTrip(milliseconds: number | undefined) {
    const rounded = milliseconds && Math.max(1, Math.round(milliseconds));
    const isSlow = rounded !== undefined && rounded > slowMilliseconds;
    roundTrip.textContent = rounded === undefined ? "" : `${rounded} ms${isSlow ? ", slow" : ""}`;
    roundTrip.toggleAttribute("data-slow", isSlow);
    roundTrip.title = "From here to the terminal and back";
  }

  return {
    show,
    showRoundTrip,
    showTitle(text) {
      title.textContent = text;
    },
  };
}

function describe(state: Exclude<PageState, { name: "ended" | "reattaching" | "starting" }>): string {
  switch (state.name) {
    case "idle":
      return "";
    case "connecting":
      return "Attaching …";
    case "attached":
      return attachedInWords(state);
  }
}

import type { TerminalState } from "@cliscale/client";
import { byId } from "../dom.ts";
import { attachedInWords, clockDuration, endInWords, reattachingInWords } from "./words.ts";

export type PageState = TerminalState | { name: "idle" } | Starting;

interface Starting {
  name: "starting";
  sentence: string;
  /** Since when it has been so; RFC 3339. */
  since?: string;
}

/** Says how the session stands, to the reader, to screen readers and, as data attributes, to tests. */
export interface StatusLine {
  show(state: PageState): void;
  showRoundTrip(milliseconds: number | undefined): void;
  showTitle(title: string): void;
}

export function createStatusLine(): StatusLine {
  const status = byId("status", HTMLParagraphElement);
  const reattach = byId("reattach", HTMLButtonElement);
  const roundTrip = byId("round-trip", HTMLParagraphElement);
  const title = byId("title", HTMLParagraphElement);
  let countdown: ReturnType<typeof setInterval> | undefined;

  function show(state: PageState) {
    clearInterval(countdown);
    status.dataset["state"] = state.name;
    delete status.dataset["exitCode"];
    delete status.dataset["endReason"];
    reattach.hidden = true;
    if (state.name !== "attached") showRoundTrip(undefined);
    if (state.name === "reattaching") return showReattaching(state);
    if (state.name === "starting") return showStarting(state);
    status.textContent = state.name === "ended" ? describeEnd(state) : describe(state);
  }

  function describeEnd(state: Extract<PageState, { name: "ended" }>): string {
    const { sentence, reason, exitCode } = endInWords(state);
    status.dataset["endReason"] = reason;
    if (exitCode !== undefined) status.dataset["exitCode"] = String(exitCode);
    return sentence;
  }

  function showStarting({ sentence, since }: Starting) {
    status.textContent = sentence;
    if (since === undefined) return;
    const from = Date.parse(since);
    countSeconds(() => ` (${clockDuration(Date.now() - from)})`);
  }

  /** Not for screen readers, which would read out every second. */
  function countSeconds(text: () => string) {
    const seconds = document.createElement("span");
    seconds.ariaHidden = "true";
    const count = () => {
      seconds.textContent = text();
    };
    count();
    countdown = setInterval(count, 1000);
    status.append(seconds);
  }

  function showReattaching(state: Extract<PageState, { name: "reattaching" }>) {
    const { nextTryAt } = state;
    status.textContent = reattachingInWords(state);
    if (state.whenShown) return;
    if (nextTryAt === undefined) return status.append("now …");
    countSeconds(() => `in ${Math.max(1, Math.ceil((nextTryAt - Date.now()) / 1000))} s.`);
    reattach.hidden = false;
  }

  function showRoundTrip(milliseconds: number | undefined) {
    roundTrip.textContent = milliseconds === undefined ? "" : `${Math.max(1, Math.round(milliseconds))} ms`;
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
      return "Choose a bundle and start it: its terminal opens here.";
    case "connecting":
      return "Attaching …";
    case "attached":
      return attachedInWords(state);
  }
}

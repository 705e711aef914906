import { byId } from "../dom.ts";
import type { PageState } from "./statusLine.ts";

export interface Running {
  source?: string;
  command?: string | undefined;
}

/** What runs, and the button that ends it. */
export interface RunningBar {
  /** A session begins; what it runs may not be known yet. */
  begin(what: Running): void;
  tell(what: Running): void;
  follow(state: PageState): void;
  setStopping(isStopping: boolean): void;
  /** Returns whether there is something to stop. */
  focusStop(): boolean;
  hide(): void;
}

export function createRunningBar(): RunningBar {
  const bar = byId("running", HTMLDivElement);
  const stop = byId("stop", HTMLButtonElement);

  return {
    begin(what) {
      tell(what);
      bar.hidden = false;
      stop.hidden = false;
      stop.disabled = false;
      stop.textContent = "Cancel";
    },
    tell,
    follow({ name }) {
      stop.hidden = name === "ended";
      stop.textContent = name === "starting" ? "Cancel" : "Stop";
    },
    setStopping(isStopping) {
      stop.disabled = isStopping;
    },
    focusStop() {
      if (stop.hidden || stop.disabled) return false;
      stop.focus();
      return true;
    },
    hide() {
      bar.hidden = true;
    },
  };
}

function tell({ source = "", command = "" }: Running) {
  byId("running-source", HTMLParagraphElement).textContent = source;
  byId("running-command", HTMLParagraphElement).textContent = command;
}

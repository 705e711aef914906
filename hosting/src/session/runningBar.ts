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
  hide(): void;
}

export function createRunningBar(): RunningBar {
  const bar = byId("session-bar", HTMLDivElement);
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
    hide() {
      bar.hidden = true;
    },
  };
}

function tell({ source = "", command = "" }: Running) {
  byId("running-source", HTMLParagraphElement).textContent = source;
  byId("running-command", HTMLParagraphElement).textContent = command;
  byId("running", HTMLDivElement).title = command === "" ? source : `${source} $ ${command}`;
}

import type { StageEvent } from "@cliscale/protocol";
import { byId } from "../dom.ts";
import { stageNames } from "./stageWords.ts";

/** The stages of a start, each with its time once it has been reached. */
export interface StageList {
  /** A new start: nothing is reached yet. */
  begin(): void;
  reached(event: StageEvent): void;
  /** The start is over, be it at its last stage or before. */
  settle(): void;
  hide(): void;
}

export function createStageList(): StageList {
  const list = byId("stages", HTMLOListElement);
  const items = new Map<string, HTMLLIElement>();
  let firstAt: number | undefined;

  function begin() {
    firstAt = undefined;
    items.clear();
    for (const [stage, name] of Object.entries(stageNames)) {
      const item = document.createElement("li");
      item.dataset["stage"] = stage;
      item.append(name, " ", document.createElement("time"));
      items.set(stage, item);
    }
    list.replaceChildren(...items.values());
    list.hidden = false;
  }

  function reached({ stage, at }: StageEvent) {
    const item = items.get(stage);
    // A stage may be told again with a message; its time is the first.
    if (!item || item.dataset["reached"]) return;
    settle();
    item.dataset["reached"] = "true";
    item.setAttribute("aria-current", "step");
    showTime(item.querySelector("time")!, at);
  }

  function settle() {
    for (const item of items.values()) item.removeAttribute("aria-current");
  }

  function showTime(element: HTMLTimeElement, at: string) {
    const time = Date.parse(at);
    firstAt ??= time;
    element.dateTime = at;
    element.title = new Date(time).toLocaleString();
    element.textContent =
      time === firstAt ? new Date(time).toLocaleTimeString() : `+${(Math.max(0, time - firstAt) / 1000).toFixed(1)} s`;
  }

  return {
    begin,
    reached,
    settle,
    hide() {
      list.hidden = true;
    },
  };
}

import type { Session } from "@cliscale/protocol";
import { sessionAddress } from "../address.ts";
import { clockDuration, endInWords } from "../session/words.ts";

/** One session in the list. */
export interface SessionRow {
  readonly element: HTMLLIElement;
  show(session: Session): void;
}

export function createSessionRow(
  onStop: (sessionId: string) => Promise<void>,
  onStartAgain: (session: Session) => void,
): SessionRow {
  const element = document.createElement("li");
  element.className = "session";
  const link = document.createElement("a");
  const [command, state, when, actions] = ["command", "state", "when", "actions"].map((name) => {
    const part = document.createElement("div");
    part.className = name;
    return part;
  }) as [HTMLDivElement, HTMLDivElement, HTMLDivElement, HTMLDivElement];
  const stop = button("stop");
  const startAgain = button("start-again");
  startAgain.textContent = "Start again";
  actions.append(stop, startAgain);
  element.append(link, command, state, when, actions);
  let shown: Session | undefined;

  stop.addEventListener("click", () => {
    stop.disabled = true;
    void onStop(element.dataset["session"]!).finally(() => {
      stop.disabled = false;
    });
  });
  startAgain.addEventListener("click", () => shown && onStartAgain(shown));

  return {
    element,
    show(session) {
      shown = session;
      element.dataset["session"] = session.id;
      element.dataset["state"] = session.state;
      link.href = sessionAddress(session.id);
      link.textContent = session.bundle.source;
      command.textContent = session.command === undefined ? "" : `$ ${session.command}`;
      state.textContent = stateInWords(session);
      when.textContent = timesInWords(session);
      // A button that had the focus hands it on instead of losing it.
      if (session.state === "ended" && document.activeElement === stop) link.focus();
      stop.hidden = session.state === "ended";
      stop.textContent = session.state === "ready" ? "Stop" : "Cancel";
      stop.ariaLabel = `${stop.textContent} ${session.bundle.source}`;
      startAgain.hidden = session.state !== "ended";
      startAgain.ariaLabel = `Start again ${session.bundle.source}`;
    },
  };
}

function stateInWords(session: Session): string {
  switch (session.state) {
    case "queued":
      return session.position === undefined ? "Queued" : `Queued, number ${session.position} in line`;
    case "starting":
      return "Starting";
    case "ready":
      return "Running";
    case "ended":
      return endInWords({ session }).sentence;
  }
}

function timesInWords({ createdAt, readyAt, endedAt, expiresAt, idleAt, state }: Session): string {
  const created = `Created ${local(createdAt)}`;
  if (endedAt !== undefined && readyAt !== undefined) {
    return `${created}, ran for ${clockDuration(Date.parse(endedAt) - Date.parse(readyAt))}`;
  }
  if (state !== "ready") return created;
  const idle = idleAt !== undefined && idleAt < expiresAt ? `${local(idleAt)} if nothing happens, ` : "";
  return `${created}, ends at ${idle}${local(expiresAt)} at the latest`;
}

function local(time: string): string {
  const date = new Date(time);
  const isToday = date.toDateString() === new Date().toDateString();
  return date.toLocaleString(undefined, { ...(isToday ? {} : { dateStyle: "medium" }), timeStyle: "short" });
}

function button(name: string): HTMLButtonElement {
  const element = document.createElement("button");
  element.type = "button";
  element.className = name;
  return element;
}

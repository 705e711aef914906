import { CallError, type Client, eachSession } from "@cliscale/client";
import { type Session, defaultPageSize, type SessionState, sessionStates } from "@cliscale/protocol";
import { byId, showError } from "../dom.ts";
import { errorInWords } from "../session/words.ts";
import { type SessionRow, createSessionRow } from "./sessionRow.ts";

/** The view of the caller's sessions, which keeps itself up to date while it is looked at. */
export interface SessionList {
  show(): void;
  hide(): void;
}

const refreshMilliseconds = 4000;

export function createSessionList(client: Client, signal: AbortSignal): SessionList {
  const view = byId("sessions", HTMLElement);
  const list = byId("session-list", HTMLUListElement);
  const note = byId("sessions-note", HTMLParagraphElement);
  const filter = byId("session-filter", HTMLSelectElement);
  const more = byId("more-sessions", HTMLButtonElement);
  let rows = new Map<string, SessionRow>();
  let wanted = defaultPageSize;
  let looking: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function look() {
    stopLooking();
    looking = new AbortController();
    const { signal: mine } = looking;
    try {
      const { sessions, hasMore } = await newest(client, stateOf(filter.value), wanted, mine);
      mine.throwIfAborted();
      draw(sessions);
      more.hidden = !hasMore;
      showError("");
    } catch (error) {
      if (mine.aborted) return;
      showError(messageOf(error));
    }
    // Nobody sees what a hidden tab shows.
    if (document.visibilityState === "visible") timer = setTimeout(() => void look(), refreshMilliseconds);
  }

  function stopLooking() {
    looking?.abort();
    clearTimeout(timer);
  }

  /** Rows stay the same elements, so that the focus stays where it is. */
  function draw(sessions: Session[]) {
    const drawn = new Map(sessions.map((session) => [session.id, rows.get(session.id) ?? createSessionRow(stop)]));
    for (const session of sessions) drawn.get(session.id)!.show(session);
    const elements = [...drawn.values()].map(({ element }) => element);
    const isSame =
      elements.length === list.children.length && elements.every((element, i) => list.children[i] === element);
    if (!isSame) list.replaceChildren(...elements);
    rows = drawn;
    note.textContent =
      sessions.length > 0 ? "" : filter.value === "" ? "You have no sessions yet." : "None at the moment.";
  }

  async function stop(sessionId: string) {
    try {
      await client.stopSession(sessionId, { signal });
      await look();
    } catch (error) {
      if (!signal.aborted) showError(messageOf(error));
    }
  }

  function reset() {
    wanted = defaultPageSize;
    void look();
  }

  function showMore() {
    wanted += defaultPageSize;
    void look();
  }

  function onVisibility() {
    if (view.hidden) return;
    if (document.visibilityState === "visible") void look();
    else stopLooking();
  }

  filter.addEventListener("change", reset, { signal });
  more.addEventListener("click", showMore, { signal });
  document.addEventListener("visibilitychange", onVisibility, { signal });

  return {
    show() {
      showError("");
      view.hidden = false;
      note.textContent = rows.size === 0 ? "Looking …" : "";
      reset();
    },
    hide() {
      stopLooking();
      view.hidden = true;
      if (!signal.aborted) return;
      // Whoever signs in next has other sessions.
      list.replaceChildren();
      rows.clear();
    },
  };
}

/** The newest sessions, as many as are wanted at most. */
async function newest(client: Client, state: SessionState | undefined, wanted: number, signal: AbortSignal) {
  const sessions: Session[] = [];
  for await (const session of eachSession(client, state === undefined ? {} : { state }, { signal })) {
    if (sessions.length === wanted) return { sessions, hasMore: true };
    sessions.push(session);
  }
  return { sessions, hasMore: false };
}

function stateOf(value: string): SessionState | undefined {
  return sessionStates.find((state) => state === value);
}

function messageOf(error: unknown): string {
  return error instanceof CallError ? errorInWords(error) : String(error);
}

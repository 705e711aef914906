import { CallError, type Client, eachSession } from "@cliscale/client";
import { type Session, defaultPageSize, type SessionState, sessionStates } from "@cliscale/protocol";
import { byId, showError } from "../dom.ts";
import { errorInWords } from "../session/words.ts";
import { createPace } from "./pace.ts";
import { type SessionRow, createSessionRow } from "./sessionRow.ts";

/** The view of the caller's sessions, which keeps itself up to date while it is looked at. */
export interface SessionList {
  show(): void;
  hide(): void;
}

export interface SessionListOptions {
  client: Client;
  /** What an ended session ran is to be started again. */
  onStartAgain: (session: Session) => void;
  signal: AbortSignal;
}

export function createSessionList({ client, onStartAgain, signal }: SessionListOptions): SessionList {
  const view = byId("sessions", HTMLElement);
  const list = byId("session-list", HTMLUListElement);
  const note = byId("sessions-note", HTMLParagraphElement);
  const filter = byId("session-filter", HTMLSelectElement);
  const more = byId("more-sessions", HTMLButtonElement);
  let rows = new Map<string, SessionRow>();
  const pace = createPace();
  /** What was answered last, to tell whether anything has changed. */
  let answered = "";
  let wanted = defaultPageSize;
  let looking: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function look() {
    stopLooking();
    looking = new AbortController();
    const { signal: mine } = looking;
    let pause: number;
    try {
      const { sessions, hasMore } = await newest(client, stateOf(filter.value), wanted, mine);
      mine.throwIfAborted();
      draw(sessions);
      more.hidden = !hasMore;
      showError("");
      pause = pace.next(isNews(sessions));
    } catch (error) {
      if (mine.aborted) return;
      showError(messageOf(error));
      pause = pace.nextAfterFailure();
    }
    // Nobody sees what a hidden tab shows.
    if (document.visibilityState === "visible") timer = setTimeout(() => void look(), pause);
  }

  /** Whether anything has changed, or soon will: who waits for a start looks on. */
  function isNews(sessions: Session[]): boolean {
    const before = answered;
    answered = JSON.stringify(sessions);
    return answered !== before || sessions.some(({ state }) => state === "queued" || state === "starting");
  }

  function lookNow() {
    pace.quicken();
    void look();
  }

  function stopLooking() {
    looking?.abort();
    clearTimeout(timer);
  }

  /** Rows stay the same elements, so that the focus stays where it is. */
  function draw(sessions: Session[]) {
    const drawn = new Map(
      sessions.map((session) => [session.id, rows.get(session.id) ?? createSessionRow(stop, onStartAgain)]),
    );
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
      pace.quicken();
      await look();
    } catch (error) {
      if (!signal.aborted) showError(messageOf(error));
    }
  }

  function reset() {
    wanted = defaultPageSize;
    lookNow();
  }

  function showMore() {
    wanted += defaultPageSize;
    lookNow();
  }

  function onVisibility() {
    if (view.hidden) return;
    if (document.visibilityState === "visible") lookNow();
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

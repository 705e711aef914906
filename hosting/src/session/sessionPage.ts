import { CallError, type Client } from "@cliscale/client";
import type { Session } from "@cliscale/protocol";
import type { Route } from "../address.ts";
import { byId, showError } from "../dom.ts";
import type { Account } from "../signIn/account.ts";
import { createNotAllowed } from "../start/notAllowed.ts";
import { createStartForm } from "../start/startForm.ts";
import { createEndView } from "./endView.ts";
import { createRunningBar } from "./runningBar.ts";
import { type Beginning, type SessionRun, runSession } from "./sessionRun.ts";
import { createStageList } from "./stageList.ts";
import { createStatusLine } from "./statusLine.ts";
import { createTabTitle } from "./tabTitle.ts";
import { createTimeWarning } from "./timeWarning.ts";
import { createTools } from "./tools.ts";
import { errorInWords } from "./words.ts";

/** The view of one session, and of the form that starts it. */
export interface SessionPage {
  /** Shows what the address asks for; leaves the session that was there, which goes on. */
  show(route: Exclude<Route, { view: "sessions" }>): void;
  /** Shows the form with what a session ran, values of variables aside, which nobody knows. */
  showAgain(session: Session): void;
  /** Leaves the session, which goes on. */
  hide(): void;
  /** Leaves the session, and forgets what was typed. */
  close(): void;
}

export interface SessionPageOptions {
  client: Client;
  account: Account;
  /** Whom to ask who may not start sessions. */
  contact: string | undefined;
  /** Is told the session that the page now shows. */
  onCreated: (sessionId: string) => void;
  signal: AbortSignal;
}

export function createSessionPage({ client, account, contact, onCreated, signal }: SessionPageOptions): SessionPage {
  const page = byId("session", HTMLElement);
  const stageList = createStageList();
  const statusLine = createStatusLine();
  const tabTitle = createTabTitle(signal);
  const runningBar = createRunningBar();
  const endView = createEndView();
  const timeWarning = createTimeWarning({ client, onStay: async () => run?.stay(), signal });
  const startForm = createStartForm(
    (request) => begin({ input: { ...request, requestId: crypto.randomUUID() } }),
    signal,
  );
  const notAllowed = createNotAllowed({ account, contact, onTryAgain: () => startForm.submit(), signal });
  const tools = createTools({ view: () => run?.view, sessionId: () => known?.id, signal });
  let run: SessionRun | undefined;
  let known: Session | undefined;
  let seenUntil: Date | undefined;
  let beginning: Beginning | undefined;

  function begin(next: Beginning) {
    leaveSession();
    beginning = next;
    startForm.hide();
    runningBar.begin("input" in next ? { source: next.input.bundle.source, command: next.input.command } : {});
    stageList.begin();
    statusLine.showTitle("");
    statusLine.show({ name: "starting" });
    run = runSession({
      client,
      beginning: next,
      place: byId("terminal", HTMLDivElement),
      onStage(event) {
        stageList.reached(event);
        statusLine.show({ name: "starting", event });
      },
      onCreated,
      onSession(session) {
        if ("sessionId" in next) startForm.fillFromSession(session);
        runningBar.tell({ source: session.bundle.source, command: session.command });
        endView.know(session);
        known = session;
        // The terminal takes the room that there is from the first.
        if (session.state !== "ready") return;
        stageList.hide();
        tools.begin();
      },
      onRefused(error) {
        showForm();
        if (error.code === "permission-denied") notAllowed.show(error);
        else startForm.showRefusal(error);
      },
      onState(state) {
        stageList.settle();
        statusLine.show(state);
        runningBar.follow(state);
        tools.follow(state.name === "ended");
        if (state.name === "attached") markActive();
        if (state.name !== "ended") {
          seenUntil = state.name === "reattaching" ? (seenUntil ?? new Date()) : undefined;
          return;
        }
        tabTitle.showProgress(undefined);
        timeWarning.stop();
        endView.show(state, seenUntil);
      },
      typed: (data) => tools.typed(data),
      onTyped: markActive,
      onTitle: showTitle,
      onProgress: (progress) => tabTitle.showProgress(progress),
      onBell: () => tabTitle.ring(),
      onRoundTrip: (milliseconds) => statusLine.showRoundTrip(milliseconds),
      onLeaveTerminal: () => tools.focus(),
    });
  }

  function showTitle(title: string) {
    statusLine.showTitle(title);
    tabTitle.showTitle(title);
  }

  function markActive() {
    if (known) timeWarning.active(known);
  }

  function leaveSession() {
    run?.dispose();
    run = undefined;
    beginning = undefined;
    known = undefined;
    seenUntil = undefined;
    showError("");
    tabTitle.clear();
    notAllowed.hide();
    stageList.hide();
    runningBar.hide();
    endView.hide();
    timeWarning.stop();
    tools.hide();
    statusLine.show({ name: "idle" });
  }

  function showForm() {
    leaveSession();
    startForm.show();
  }

  async function stop() {
    runningBar.setStopping(true);
    try {
      await run?.stop();
    } catch (error) {
      showError(error instanceof CallError ? errorInWords(error) : String(error));
      runningBar.setStopping(false);
    }
  }

  /** At once where this page knows what it was started with; a session of another page had an environment that is not known. */
  function startAgain() {
    if (beginning && "input" in beginning) begin({ input: { ...beginning.input, requestId: crypto.randomUUID() } });
    else {
      location.hash = "#/";
      showForm();
      byId("start", HTMLButtonElement).focus();
    }
  }

  function hide() {
    leaveSession();
    page.hidden = true;
  }

  byId("stop", HTMLButtonElement).addEventListener("click", () => void stop(), { signal });
  byId("start-again", HTMLButtonElement).addEventListener("click", startAgain, { signal });
  byId("reattach", HTMLButtonElement).addEventListener("click", () => run?.wake(), { signal });

  return {
    show(route) {
      page.hidden = false;
      if (route.view === "session") return begin({ sessionId: route.sessionId });
      showForm();
      if (route.link) startForm.fillFromLink(route.link);
    },
    showAgain(session) {
      page.hidden = false;
      showForm();
      startForm.fillFromSession(session);
      byId("start", HTMLButtonElement).focus();
    },
    hide,
    close() {
      hide();
      startForm.clear();
    },
  };
}

import { CallError, createClient } from "@cliscale/client";
import type { User } from "../authentication.ts";
import type { Configuration } from "../configuration.ts";
import { byId, showError } from "../dom.ts";
import { addressSession, addressedSession } from "./address.ts";
import { type Beginning, type SessionRun, runSession } from "./sessionRun.ts";
import { createStageList } from "./stageList.ts";
import { createStartForm } from "./startForm.ts";
import { createStatusLine } from "./statusLine.ts";
import { errorInWords, stageInWords } from "./words.ts";

/** Shows the page of a signed-in user, with the session that the address names. Returns what closes it. */
export function openSessionPage(
  { functionsUrl }: Configuration,
  user: User,
  appCheckToken?: () => Promise<string>,
): () => void {
  const closing = new AbortController();
  const { signal } = closing;
  const client = createClient({
    functionsUrl,
    idToken: () => currentIdToken(user),
    ...(appCheckToken && { appCheckToken }),
  });
  const page = byId("session", HTMLElement);
  const stopButton = byId("stop", HTMLButtonElement);
  const stageList = createStageList();
  const statusLine = createStatusLine();
  const startForm = createStartForm(
    (request) => begin({ input: { ...request, requestId: crypto.randomUUID() } }),
    signal,
  );
  let run: SessionRun | undefined;

  function begin(beginning: Beginning) {
    run?.dispose();
    showError("");
    startForm.showRunning();
    stopButton.disabled = false;
    stageList.begin();
    statusLine.showTitle("");
    statusLine.show({ name: "starting", sentence: "Asking for a session …" });
    run = runSession({
      client,
      beginning,
      place: byId("terminal", HTMLDivElement),
      onStage(event) {
        stageList.reached(event);
        statusLine.show({ name: "starting", sentence: stageInWords(event) });
      },
      onCreated: addressSession,
      onSession(session) {
        if ("sessionId" in beginning) startForm.fill(session);
        startForm.showRunning();
      },
      onRefused(error) {
        showIdle();
        startForm.showRefusal(error);
      },
      onState(state) {
        stageList.settle();
        statusLine.show(state);
        if (state.name === "ended") startForm.show("Start again");
      },
      onTitle: (title) => statusLine.showTitle(title),
      onRoundTrip: (milliseconds) => statusLine.showRoundTrip(milliseconds),
      onLeaveTerminal: () => (stopButton.disabled ? byId("start", HTMLButtonElement) : stopButton).focus(),
    });
  }

  function showIdle() {
    run?.dispose();
    run = undefined;
    stageList.hide();
    statusLine.show({ name: "idle" });
    startForm.show("Start");
  }

  function showAddressed() {
    const sessionId = addressedSession();
    if (sessionId === undefined) showIdle();
    else begin({ sessionId });
  }

  async function stop() {
    stopButton.disabled = true;
    try {
      await run?.stop();
    } catch (error) {
      showError(error instanceof CallError ? errorInWords(error) : String(error));
      stopButton.disabled = false;
    }
  }

  const wake = () => run?.wake();
  stopButton.addEventListener("click", () => void stop(), { signal });
  byId("reattach", HTMLButtonElement).addEventListener("click", wake, { signal });
  window.addEventListener("online", wake, { signal });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && wake(), { signal });
  window.addEventListener("hashchange", showAddressed, { signal });

  showAddressed();
  page.hidden = false;
  return () => {
    closing.abort();
    showIdle();
    page.hidden = true;
  };
}

async function currentIdToken(user: User): Promise<string> {
  try {
    return await user.getIdToken();
  } catch (error) {
    const isOffline = (error as { code?: unknown }).code === "auth/network-request-failed";
    throw isOffline
      ? new CallError("unavailable", "The sign-in service cannot be reached. Check the network.", {}, { cause: error })
      : new CallError("unauthenticated", "Your sign-in is no longer valid. Sign in again.", {}, { cause: error });
  }
}

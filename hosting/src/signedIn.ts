import "./withoutEval.ts";
import { CallError, createClient } from "@cliscale/client";
import { addressSession, currentRoute } from "./address.ts";
import type { User } from "./authentication.ts";
import type { Configuration } from "./configuration.ts";
import { byId } from "./dom.ts";
import { createSessionPage } from "./session/sessionPage.ts";
import { createSessionList } from "./sessions/sessionList.ts";

/** Shows the view that the address names to a signed-in user, and follows the address. Returns what closes it all. */
export function openSignedIn(
  { functionsUrl }: Configuration,
  user: User,
  appCheckToken?: () => Promise<string>,
): () => void {
  const closing = new AbortController();
  const { signal } = closing;
  const client = createClient({
    functionsUrl,
    idToken: (isRefused) => currentIdToken(user, isRefused),
    ...(appCheckToken && { appCheckToken }),
  });
  const views = byId("views", HTMLElement);
  const sessionPage = createSessionPage(client, onCreated, signal);
  const sessionList = createSessionList(client, signal);

  function onCreated(sessionId: string) {
    addressSession(sessionId);
    markCurrent(views);
  }

  function show() {
    const route = currentRoute();
    if (route.view === "sessions") {
      sessionPage.hide();
      sessionList.show();
    } else {
      sessionList.hide();
      sessionPage.show(route);
    }
    markCurrent(views);
  }

  window.addEventListener("hashchange", show, { signal });
  show();
  views.hidden = false;
  return () => {
    closing.abort();
    sessionPage.close();
    sessionList.hide();
    views.hidden = true;
  };
}

/** Marks the link to the view that the address names; a session has none. */
function markCurrent(views: HTMLElement) {
  const address = { start: "#/", sessions: "#/sessions", session: undefined }[currentRoute().view];
  for (const link of views.querySelectorAll("a")) {
    if (link.getAttribute("href") === address) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

async function currentIdToken(user: User, isRefused: boolean): Promise<string> {
  try {
    return await user.getIdToken(isRefused);
  } catch (error) {
    const isOffline = (error as { code?: unknown }).code === "auth/network-request-failed";
    throw isOffline
      ? new CallError("unavailable", "The sign-in service cannot be reached. Check the network.", {}, { cause: error })
      : new CallError("unauthenticated", "Your sign-in is no longer valid. Sign in again.", {}, { cause: error });
  }
}

import "./withoutEval.ts";
import { createClient } from "@cliscale/client";
import type { Session } from "@cliscale/protocol";
import { addressSession, currentRoute } from "./address.ts";
import type { Configuration } from "./configuration.ts";
import { byId } from "./dom.ts";
import { prefer } from "./preferences.ts";
import { createSessionPage } from "./session/sessionPage.ts";
import { prefetchTerminalCode } from "./session/terminalCode.ts";
import { createSessionList } from "./sessions/sessionList.ts";
import { accountOf } from "./signIn/account.ts";
import type { User } from "./signIn/authentication.ts";

/** Shows the view that the address names to a signed-in user, and follows the address. Returns what closes it all. */
export function openSignedIn(
  { functionsUrl, contact, terminalImages }: Configuration,
  user: User,
  appCheckToken?: () => Promise<string>,
): () => void {
  const closing = new AbortController();
  const { signal } = closing;
  const account = accountOf(user);
  const client = createClient({
    functionsUrl,
    idToken: (isRefused) => account.idToken(isRefused),
    ...(appCheckToken && { appCheckToken }),
  });
  const views = byId("views", HTMLElement);
  const sessionPage = createSessionPage({ client, account, contact, onCreated, signal });
  const sessionList = createSessionList({ client, onStartAgain: startAgain, signal });

  function onCreated(sessionId: string) {
    addressSession(sessionId);
    markCurrent(views);
  }

  function startAgain(session: Session) {
    history.pushState(null, "", "#/");
    sessionList.hide();
    sessionPage.showAgain(session);
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

  offerImages(terminalImages);
  window.addEventListener("hashchange", show, { signal });
  show();
  views.hidden = false;
  prefetchTerminalCode();
  return () => {
    closing.abort();
    sessionPage.close();
    sessionList.hide();
    views.hidden = true;
  };
}

/** Where the page's policy keeps their decoder from running, pictures are no setting. */
function offerImages(isOffered: boolean) {
  byId("images-setting", HTMLDivElement).hidden = !isOffered;
  if (!isOffered) prefer({ images: false });
}

/** Marks the link to the view that the address names; a session has none. */
function markCurrent(views: HTMLElement) {
  const address = { start: "#/", sessions: "#/sessions", session: undefined }[currentRoute().view];
  for (const link of views.querySelectorAll("a")) {
    if (link.getAttribute("href") === address) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

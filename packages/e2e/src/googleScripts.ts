// In place of https://apis.google.com/js/api.js, which Firebase loads for its pop-up and tests cannot: the part by which a page and
// the frame in it speak to each other.
import type { BrowserContext } from "playwright-core";

const address = "https://apis.google.com/js/api.js";

/** Serves the stand-in to a browser's pages. Returns the addresses at which they have asked for it. */
export async function serveGoogleScripts(context: BrowserContext): Promise<string[]> {
  const asked: string[] = [];
  await context.route(`${address}**`, async (route) => {
    asked.push(route.request().url());
    await route.fulfill({ contentType: "text/javascript", body: `(${standIn.toString()})()` });
  });
  return asked;
}

type Handler = (data: unknown) => unknown;
type Answered = (answers: unknown[]) => void;
type Message =
  | { gapi: "call"; id: number; name: string; data: unknown }
  | { gapi: "answer"; id: number; answers: unknown[] };

/** Runs in the page and in the frame: nothing of this module is there. */
function standIn() {
  const handlers = new Map<string, PromiseWithResolvers<Handler>>();
  const waiting = new Map<number, Answered>();
  let calls = 0;

  /** Calls may come before their handler is registered. */
  const handler = (name: string) => {
    const found = handlers.get(name) ?? Promise.withResolvers<Handler>();
    handlers.set(name, found);
    return found;
  };
  const channel = (other: () => Window) => ({
    register: (name: string, handle: Handler) => handler(name).resolve(handle),
    send(name: string, data: unknown, answered: Answered) {
      calls += 1;
      waiting.set(calls, answered);
      other().postMessage({ gapi: "call", id: calls, name, data } satisfies Message, "*");
    },
  });
  const open = (options: { where: Element; url: string }, opened: (frame: object) => Promise<unknown>) => {
    const element = document.createElement("iframe");
    element.src = options.url;
    element.hidden = true;
    const loaded = new Promise((resolve) => element.addEventListener("load", resolve));
    options.where.append(element);
    const frame = channel(() => element.contentWindow!);
    return opened({ ...frame, restyle: () => Promise.resolve(), ping: () => loaded });
  };

  addEventListener("message", (event: MessageEvent<Message>) => {
    const message = event.data;
    if (message.gapi === "answer") waiting.get(message.id)?.(message.answers);
    if (message.gapi !== "call") return;
    void handler(message.name).promise.then(async (handle) => {
      const answers = [await handle(message.data)];
      event.source!.postMessage({ gapi: "answer", id: message.id, answers } satisfies Message, { targetOrigin: "*" });
    });
  });

  const gapi = {
    load: (_name: string, options: { callback: () => void }) => options.callback(),
    iframes: { getContext: () => ({ open, getParentIframe: () => channel(() => parent) }) },
  };
  const name = new URL((document.currentScript as HTMLScriptElement).src).searchParams.get("onload") ?? "gapi_onload";
  Object.assign(window, { gapi });
  (window as unknown as Record<string, () => void>)[name]!();
}

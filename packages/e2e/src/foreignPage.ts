import type { Page } from "playwright-core";

/** A request that a page tries to make. */
export interface PageRequest {
  method: string;
  url: string;
  headers?: Record<string, string>;
  /** JSON of an object. */
  body?: string;
}

/** What a refused page is told; a page can read it only where it passes for the server's own. */
const refusal = "This page may not talk to cliscale.";

/**
 * Makes a request in all the ways that a page has: by fetch as it is, then, as far as each can, without asking the server
 * first (no-cors, beacon, sandboxed frame, form, frame, image, script). Resolves to what the page could read of any answer.
 */
export async function requestEveryWay(page: Page, request: PageRequest): Promise<string[]> {
  return page.evaluate(sendInPage, { ...request, refusal });
}

/** Makes a request by fetch; resolves to its status, and to 0 where the page is not shown the answer. */
export async function requestByFetch(page: Page, request: PageRequest): Promise<number> {
  return page.evaluate(
    ({ url, ...init }) =>
      fetch(url, init).then(
        (answer) => answer.status,
        () => 0,
      ),
    request,
  );
}

/** Opens a WebSocket in the page; resolves to its close code and what it received until then, or within a second of opening. */
export async function webSocketInPage(page: Page, url: string, protocols: string[] = []) {
  return page.evaluate(
    (options) =>
      new Promise<{ code: number | undefined; messages: number }>((resolve) => {
        const socket = new WebSocket(options.url, options.protocols);
        let messages = 0;
        socket.addEventListener("message", () => messages++);
        socket.addEventListener("open", () => setTimeout(() => resolve({ code: undefined, messages }), 1_000));
        socket.addEventListener("close", ({ code }) => resolve({ code, messages }));
      }),
    { url, protocols },
  );
}

/** Runs in the page: nothing of this module is there but its argument. */
async function sendInPage(request: PageRequest & { refusal: string }): Promise<string[]> {
  const { method, url, headers = {}, body = "{}" } = request;
  const read: string[] = [];
  const waitMilliseconds = 5_000;

  const byFetch = async (what: string, init: RequestInit) => {
    const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(waitMilliseconds) }).catch(() => undefined);
    if (answer?.ok) read.push(`${what}: ${(await answer.text()).slice(0, 100)}`);
  };
  const loaded = (element: HTMLElement) =>
    new Promise<boolean>((resolve) => {
      element.addEventListener("load", () => resolve(true));
      element.addEventListener("error", () => resolve(false));
      setTimeout(() => resolve(false), waitMilliseconds);
    });
  const byElement = async (element: HTMLImageElement | HTMLScriptElement) => {
    element.src = url;
    const done = loaded(element);
    document.body.append(element);
    if (await done) read.push(`${element.tagName}: it loads`);
    element.remove();
  };
  const byFrame = async (navigate: (frame: HTMLIFrameElement) => void) => {
    const frame = document.createElement("iframe");
    frame.name = "frame";
    // A frame loads its first, empty document at once.
    const first = loaded(frame);
    document.body.append(frame);
    await first;
    const done = loaded(frame);
    navigate(frame);
    await done;
    const shown = frame.contentDocument?.body.textContent ?? "";
    if (shown !== "" && !shown.includes(request.refusal)) read.push(`frame: ${shown.slice(0, 100)}`);
    frame.remove();
  };
  const postForm = () => {
    const form = document.createElement("form");
    Object.assign(form, { method: "post", enctype: "text/plain", target: "frame", action: url });
    const input = document.createElement("input");
    // A form of text/plain sends NAME=VALUE; this makes that one JSON object.
    input.name = `${body === "{}" ? "{" : `${body.slice(0, -1)},`}"ignored":"`;
    input.value = `"}`;
    form.append(input);
    document.body.append(form);
    form.submit();
    form.remove();
  };
  const bySandbox = () =>
    new Promise<void>((resolve) => {
      const frame = document.createElement("iframe");
      frame.setAttribute("sandbox", "allow-scripts");
      const init = JSON.stringify({ method: "POST", mode: "no-cors", body });
      frame.srcdoc = `<script>fetch(${JSON.stringify(url)}, ${init}).catch(() => 0).then(() => parent.postMessage("", "*"))</script>`;
      const done = () => {
        frame.remove();
        resolve();
      };
      addEventListener("message", done, { once: true });
      setTimeout(done, waitMilliseconds);
      document.body.append(frame);
    });

  await byFetch("fetch", { method, headers, ...(method !== "GET" && { body }) });
  await byFetch("no-cors POST", { method: "POST", mode: "no-cors", credentials: "include", body });
  await byFetch("no-cors GET", { mode: "no-cors" });
  navigator.sendBeacon(url, body);
  await byFrame(postForm);
  await byFrame((frame) => (frame.src = url));
  await bySandbox();
  await byElement(document.createElement("img"));
  await byElement(document.createElement("script"));
  return read;
}

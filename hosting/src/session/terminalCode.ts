import { CallError } from "@cliscale/client";
import type * as TerminalModule from "../terminal/terminal.ts";

type TerminalCode = typeof TerminalModule;

/** Browsers without requestIdleCallback wait so long. */
const idleMilliseconds = 500;
let loading: Promise<TerminalCode> | undefined;

/**
 * The code of the terminal, which is most of the page's and not needed before a session can be attached.
 * @throws CallError
 */
export function loadTerminalCode(): Promise<TerminalCode> {
  loading ??= import("../terminal/terminal.ts").catch((error: unknown) => {
    loading = undefined;
    const sentence = "A part of this page cannot be loaded, maybe because there is a new version. Load the page again.";
    throw new CallError("unavailable", sentence, {}, { cause: error });
  });
  return loading;
}

/** Loads it once the browser has nothing better to do, so that the first session does not wait for it. */
export function prefetchTerminalCode(): void {
  // Safari has none.
  if ("requestIdleCallback" in window) requestIdleCallback(prefetch);
  else setTimeout(prefetch, idleMilliseconds);
}

/** What fails here is tried again, and told, when it is needed. */
function prefetch(): void {
  loadTerminalCode().catch(() => undefined);
}

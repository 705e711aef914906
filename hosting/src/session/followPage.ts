import type { Terminal } from "@cliscale/client";

/** Tells a terminal whether the page can be seen, and wakes it when the reader, the page or the network is back. */
export function followPage(terminal: Pick<Terminal, "wake" | "setHidden">, signal: AbortSignal): void {
  const wake = () => terminal.wake();
  const follow = () => terminal.setHidden(document.hidden);
  window.addEventListener("online", wake, { signal });
  document.addEventListener("visibilitychange", follow, { signal });
  // A page that was frozen goes on: https://wicg.github.io/page-lifecycle/
  document.addEventListener("resume", wake, { signal });
  // A page that was left comes back as it was, with its socket closed.
  window.addEventListener("pageshow", ({ persisted }) => persisted && wake(), { signal });
  follow();
}

/** Resolves when the page can be seen; rejects with the signal's reason. */
export function untilShown(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      if (!document.hidden) resolve();
    };
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    document.addEventListener("visibilitychange", look, { signal });
    look();
  });
}

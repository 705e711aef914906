import type { Progress } from "../terminal/terminal.ts";

/** What the tab is called: after the program, with how far it is, and a mark when it has rung unseen. */
export interface TabTitle {
  showTitle(title: string): void;
  showProgress(progress: Progress | undefined): void;
  ring(): void;
  /** No session is shown. */
  clear(): void;
}

const pageTitle = "cliscale";
/** No tab shows more. */
const maximumLength = 80;

export function createTabTitle(signal: AbortSignal): TabTitle {
  let title = "";
  let progress: Progress | undefined;
  let hasRung = false;

  function show() {
    const parts = [title.slice(0, maximumLength), pageTitle].filter(Boolean).join(" – ");
    document.title = [hasRung ? "🔔" : "", inWords(progress), parts].filter(Boolean).join(" ");
  }

  document.addEventListener(
    "visibilitychange",
    () => {
      if (document.hidden) return;
      hasRung = false;
      show();
    },
    { signal },
  );

  return {
    showTitle(next) {
      title = next;
      show();
    },
    showProgress(next) {
      progress = next;
      show();
    },
    ring() {
      hasRung = document.hidden;
      show();
    },
    clear() {
      title = "";
      progress = undefined;
      hasRung = false;
      show();
    },
  };
}

function inWords(progress: Progress | undefined): string {
  if (!progress) return "";
  const { state, percent } = progress;
  const sign = { running: "", failed: "✗ ", paused: "⏸ " }[state];
  return `${sign}${percent === undefined ? "…" : `${percent} %`}`;
}

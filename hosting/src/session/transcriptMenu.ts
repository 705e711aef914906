import { byId } from "../dom.ts";
import type { TerminalView, TranscriptForm } from "../terminal/terminal.ts";
import { rove, usableButtons } from "./rove.ts";

/** All that the terminal holds, as a file, in a form to be chosen. */
export interface TranscriptMenu {
  /** Opens it at the button that asks for it, or closes it. */
  toggle(button: HTMLButtonElement): void;
  close(): void;
}

export interface TranscriptSource {
  view: TerminalView;
  sessionId: string;
}

const forms: Record<TranscriptForm, { label: string; extension: string; type: string }> = {
  text: { label: "Text", extension: "txt", type: "text/plain" },
  ansi: { label: "Text with colours (ANSI)", extension: "ansi", type: "text/plain" },
  html: { label: "Web page (HTML)", extension: "html", type: "text/html" },
};

export function createTranscriptMenu(source: () => TranscriptSource | undefined, signal: AbortSignal): TranscriptMenu {
  const menu = byId("transcript-menu", HTMLDivElement);
  menu.replaceChildren(...Object.keys(forms).map((form) => itemOf(form as TranscriptForm)));
  rove(menu, "vertical", signal);

  function itemOf(form: TranscriptForm): HTMLButtonElement {
    const item = document.createElement("button");
    item.type = "button";
    item.role = "menuitem";
    item.dataset["form"] = form;
    item.textContent = forms[form].label;
    item.addEventListener("click", () => void download(form), { signal });
    return item;
  }

  async function download(form: TranscriptForm) {
    menu.hidePopover();
    const from = source();
    if (!from) return;
    save(fileName(from.sessionId, form, new Date()), forms[form].type, await from.view.transcript(form));
  }

  function placeAt(button: HTMLButtonElement) {
    const { top, bottom, right } = button.getBoundingClientRect();
    const isBelow = bottom + menu.offsetHeight + gap < innerHeight;
    menu.style.top = `${isBelow ? bottom + gap : top - menu.offsetHeight - gap}px`;
    menu.style.left = `${Math.max(gap, right - menu.offsetWidth)}px`;
  }

  function close() {
    if (menu.matches(":popover-open")) menu.hidePopover();
  }

  // The button it stands at is elsewhere then.
  window.addEventListener("resize", close, { signal });
  return {
    toggle(button) {
      if (menu.matches(":popover-open")) return close();
      menu.showPopover();
      placeAt(button);
      usableButtons(menu)[0]?.focus();
    },
    close,
  };
}

/** Between button and menu, and menu and edge, in pixels. */
const gap = 4;

/** Such as `cliscale-0b8f9f3e-6a0b-4c1d-9a43-0d2b7c1e5f60-20260102T030405Z.txt`: no character that a file system minds. */
export function fileName(sessionId: string, form: TranscriptForm, at: Date): string {
  const time = at.toISOString().replaceAll(/[-:]|\.\d+/g, "");
  return `cliscale-${sessionId}-${time}.${forms[form].extension}`;
}

function save(name: string, type: string, content: string): void {
  const link = document.createElement("a");
  link.download = name;
  link.href = URL.createObjectURL(new Blob([content], { type: `${type};charset=utf-8` }));
  link.click();
  // The browser has taken hold of it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

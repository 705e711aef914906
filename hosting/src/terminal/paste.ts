import type { Terminal as Xterm } from "@xterm/xterm";
import { ask } from "./ask.ts";

/** So much of what is about to be pasted is shown. */
const preview = { lines: 20, characters: 2000 };

/**
 * Looks at what is pasted before the terminal does. What could act as keys is left out; and lines, each of which a shell would
 * run, are shown first, unless the program has said that it can tell what is pasted from what is typed (bracketed paste).
 */
export function guardPastes(xterm: Xterm, signal: AbortSignal): void {
  const take = (event: ClipboardEvent) => {
    event.preventDefault();
    event.stopPropagation();
    void paste(xterm, event.clipboardData?.getData("text/plain") ?? "", signal);
  };
  xterm.element?.addEventListener("paste", take, { capture: true, signal });
}

/** Pastes, as the reader wants it; nothing while the terminal is not attached. */
export async function paste(xterm: Xterm, pasted: string, signal: AbortSignal): Promise<void> {
  const text = withoutControls(pasted);
  if (text === "" || xterm.options.disableStdin) return;
  if (xterm.modes.bracketedPasteMode || !/\n/.test(text)) return xterm.paste(text);
  const answer = await confirmLines(text, signal);
  if (answer === "lines") xterm.paste(text);
  if (answer === "line") xterm.paste(asOneLine(text));
}

function confirmLines(text: string, signal: AbortSignal) {
  const lines = text.replace(/\n$/, "").split("\n");
  return ask(
    {
      title: lines.length === 1 ? "Paste a line and run it?" : `Paste ${lines.length} lines?`,
      text: "A shell runs each line as soon as it comes.",
      subject: previewOf(lines),
      answers: [
        { answer: "lines", label: "Paste" },
        { answer: "line", label: lines.length === 1 ? "Paste without running" : "Paste as one line" },
      ],
      decline: "Cancel",
    },
    signal,
  );
}

function previewOf(lines: string[]): string {
  const text = lines.slice(0, preview.lines).join("\n");
  const isCut = lines.length > preview.lines || text.length > preview.characters;
  return text.slice(0, preview.characters) + (isCut ? "\n…" : "");
}

/** Line breaks are made the same; escape sequences, and the end of a bracketed paste with them, must not get through. */
function withoutControls(text: string): string {
  return text.replaceAll(/\r\n?/g, "\n").replaceAll(/[^\P{Cc}\t\n]/gu, "");
}

function asOneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, " ");
}

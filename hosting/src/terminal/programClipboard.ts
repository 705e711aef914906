import type { Terminal as Xterm } from "@xterm/xterm";
import { askAside } from "./ask.ts";
import { write } from "./copy.ts";

/** Of base64: 768 KiB of text. More is ignored. */
const maximumLength = 1024 * 1024;
const shownCharacters = 200;

/**
 * Lets the program copy to the clipboard (OSC 52), which it may do once the reader has allowed it to this terminal; while the
 * page is not in front it may not. It never reads the clipboard: to that there is no reply.
 */
export function shareClipboard(xterm: Xterm, place: HTMLElement, signal: AbortSignal): void {
  let decision: "ask" | "asking" | "allow" | "deny" = "ask";
  /** What is to be copied once it is allowed: the latest. */
  let wanted = "";

  xterm.parser.registerOscHandler(52, (data) => {
    const text = textOf(data);
    if (text && document.hasFocus()) copy(text);
    return true;
  });

  function copy(text: string) {
    if (decision === "deny") return;
    wanted = text;
    if (decision === "ask") void decide();
    if (decision === "allow") void write(text);
  }

  async function decide() {
    decision = "asking";
    const answer = await askAside(
      {
        title: "May the program copy to your clipboard?",
        text: "It asks to copy this. Your answer holds for this terminal until you leave it.",
        subject: wanted.length > shownCharacters ? `${wanted.slice(0, shownCharacters)} …` : wanted,
        answers: [{ answer: "allow", label: "Allow" }],
        decline: "Deny",
      },
      place,
      signal,
    );
    decision = answer ?? "deny";
    if (decision === "allow") void write(wanted);
  }
}

/** What is to be copied; undefined where that is nothing, a query, too much, or no text. */
function textOf(data: string): string | undefined {
  const encoded = /^[cps0-7]*;([A-Za-z0-9+/]+=*)$/.exec(data)?.[1];
  if (encoded === undefined || encoded.length > maximumLength) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(atob(encoded), (c) => c.charCodeAt(0)));
  } catch {
    return undefined;
  }
}

import type { Terminal as Xterm } from "@xterm/xterm";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { ask } from "./ask.ts";
import { printedLines } from "./printedLines.ts";

/** A longer one is not followed: nobody could look it over. */
const maximumLength = 2000;

/**
 * Has addresses in the terminal open in a new tab, once the reader has agreed: both those that can be read there and hyperlinks
 * (OSC 8), which may show something else than where they lead.
 */
export function followLinks(xterm: Xterm, signal: AbortSignal): void {
  xterm.options.linkHandler = { activate: (_event, text) => void follow(text, signal) };
  xterm.loadAddon(
    new WebLinksAddon((_event, text) => {
      // xterm keeps what it has found in a row while the pointer is elsewhere, although the row may show something else by now.
      if (isInSight(xterm, text)) void follow(text, signal);
    }),
  );
}

function isInSight({ buffer: { active }, rows }: Xterm, text: string): boolean {
  return printedLines(active, active.viewportY, active.viewportY + rows).some((line) => line.includes(text));
}

async function follow(text: string, signal: AbortSignal) {
  const url = URL.parse(text);
  if (!url || !["http:", "https:"].includes(url.protocol) || url.href.length > maximumLength) return;
  // What stands before an @ looks like the address of somebody else.
  url.username = "";
  url.password = "";
  const answer = await ask(
    {
      title: `Open ${url.host}?`,
      text: "The program in the terminal links to this address. It opens in a new tab.",
      subject: url.href,
      answers: [{ answer: "open", label: "Open" }],
      decline: "Cancel",
    },
    signal,
  );
  if (answer === "open") window.open(url.href, "_blank", "noopener,noreferrer");
}

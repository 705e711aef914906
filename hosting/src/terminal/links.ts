import type { Terminal as Xterm } from "@xterm/xterm";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { ask } from "./ask.ts";

/** A longer one is not followed: nobody could look it over. */
const maximumLength = 2000;

/**
 * Has addresses in the terminal open in a new tab, once the reader has agreed: both those that can be read there and hyperlinks
 * (OSC 8), which may show something else than where they lead.
 */
export function followLinks(xterm: Xterm, signal: AbortSignal): void {
  const activate = (_event: MouseEvent, text: string) => void follow(text, signal);
  xterm.options.linkHandler = { activate };
  xterm.loadAddon(new WebLinksAddon(activate));
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

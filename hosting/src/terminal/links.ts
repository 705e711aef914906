import type { ILinkHandler } from "@xterm/xterm";

/** Hyperlinks that a program draws (OSC 8): what they show and where they lead may differ, so the reader is asked. */
export const linkHandler: ILinkHandler = {
  activate(_event, text) {
    const url = URL.parse(text);
    if (!url || !["http:", "https:"].includes(url.protocol)) return;
    const isWanted = confirm(`The program in the terminal links to\n\n${url.href}\n\nOpen it in a new tab?`);
    if (isWanted) window.open(url.href, "_blank", "noopener,noreferrer");
  },
};

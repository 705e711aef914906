import { styleText } from "node:util";

// What the runner itself says in the terminal, each a line of its own. PTY output needs CR LF at the end of a line.

/** A step that is under way. */
export const stepNotice = (text: string): string => notice("dim", text);
/** Something to know. */
export const warningNotice = (text: string): string => notice("yellow", text);
/** Why the session failed. */
export const failureNotice = (text: string): string => notice("red", text);

function notice(style: "dim" | "yellow" | "red", text: string): string {
  return `${styleText(style, `cliscale: ${printable(text)}`, { validateStream: false })}\r\n`;
}

/** The text on one line, without control characters: names and messages of others must not steer the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, " ").trim();
}

// What a terminal sends for keys that a phone's keyboard lacks, as xterm does: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html

export interface Modifiers {
  ctrl: boolean;
  alt: boolean;
}

/** A key that moves: how its sequence ends, and for those with a number (`CSI 5 ~`) that number. */
const moves = {
  up: { final: "A" },
  down: { final: "B" },
  right: { final: "C" },
  left: { final: "D" },
  home: { final: "H" },
  end: { final: "F" },
  pageUp: { final: "~", number: 5 },
  pageDown: { final: "~", number: 6 },
} as const satisfies Record<string, { final: string; number?: number }>;

export type Move = keyof typeof moves;

/** `isApplication` is whether the program has asked for application cursor keys (DECCKM), as vim and less do. */
export function moveSequence(move: Move, { ctrl, alt }: Modifiers, isApplication: boolean): string {
  const { final, number }: { final: string; number?: number } = moves[move];
  const modifier = 1 + (alt ? 2 : 0) + (ctrl ? 4 : 0);
  if (modifier > 1) return `\x1b[${number ?? 1};${modifier}${final}`;
  if (number !== undefined) return `\x1b[${number}${final}`;
  return `${isApplication ? "\x1bO" : "\x1b["}${final}`;
}

/** What is typed with the modifiers held down, which count for its first character. */
export function withModifiers(text: string, { ctrl, alt }: Modifiers): string {
  const [first = "", ...rest] = text;
  return (alt ? "\x1b" : "") + (ctrl ? controlOf(first) : first) + rest.join("");
}

/** Keys whose control character is another key's; the rest of them are found by their lowest five bits. */
const others: Record<string, string> = {
  " ": "\0",
  "2": "\0",
  "3": "\x1b",
  "4": "\x1c",
  "5": "\x1d",
  "6": "\x1e",
  "7": "\x1f",
  "8": "\x7f",
  "/": "\x1f",
  "-": "\x1f",
  "?": "\x7f",
};

function controlOf(character: string): string {
  const upper = character.toUpperCase();
  return others[character] ?? (/^[@-_]$/.test(upper) ? String.fromCharCode(upper.charCodeAt(0) & 0x1f) : character);
}

import type { TerminalSize } from "@cliscale/protocol";
import { allClusters } from "./clusters.ts";
import type { Random } from "./random.ts";

const csi = (text: string) => `\x1b[${text}`;

/** What a program draws, of every kind that a terminal understands; the more often it stands here the more often it comes. */
const kinds: ((random: Random, size: TerminalSize) => string)[] = [
  // Text, of one and two columns, with what combines, and characters whose bytes a decoder may take apart.
  ...Array.from(
    { length: 6 },
    () =>
      ({ below }: Random) =>
        Array.from({ length: 1 + below(12) }, () => String.fromCharCode(33 + below(90))).join(""),
  ),
  ({ below }) => " ".repeat(1 + below(6)),
  ({ below }, { columns }) => "x".repeat(below(columns * 2)),
  ({ pick }) => pick(["世", "界", "あ", "한", "中文字", "１"]),
  ({ pick }) => pick(["世界 hello", "…–“q”→", "zwölf", "😀", "𝄞", "🎉x"]),
  ({ pick }) => pick(["e\u0301", "a\u0308\u0323", "n\u0303", "\u0301", "世\u0301"]),
  // Grapheme clusters and their parts, also at the row's end, one after the other, repeated, pushed and half overwritten.
  ...Array.from({ length: 4 }, () => cluster),
  (random) => Array.from({ length: 1 + random.below(6) }, () => cluster(random)).join(""),
  (random, { columns }) => csi(`${columns - random.below(3)}G`) + cluster(random) + cluster(random),
  (random) => `${cluster(random)}${csi(`${random.below(4)}b`)}`,
  (random) => `${csi("4h")}${cluster(random)}${cluster(random)}${random() < 0.5 ? csi("4l") : ""}`,
  (random) =>
    `${cluster(random)}${random.pick(["\b", "\b\b", csi("2D"), csi("3D")])}${random.pick(["x", "世", cluster(random)])}`,
  // Lines.
  ...Array.from({ length: 4 }, () => () => "\r\n"),
  ({ below }, { rows }) => "line\r\n".repeat(below(rows * 2)),
  ({ pick }) => pick(["\n", "\r", "\b", "\t", "\x1bM", "\x1bD", "\x1bE"]),
  // Colours and styles.
  ...Array.from({ length: 4 }, () => sgr),
  () => csi("m"),
  ({ below }) => csi(`${below(3)}"q`),
  ({ pick }) => `${pick(["\x1b]8;;http://a/\x07", "\x1b]8;id=1;http://b/\x1b\\"])}link\x1b]8;;\x07`,
  // The cursor.
  ...Array.from(
    { length: 3 },
    () =>
      ({ below }: Random, { columns, rows }: TerminalSize) =>
        csi(`${1 + below(rows)};${1 + below(columns)}H`),
  ),
  ({ below, pick }) => csi(`${below(5) || ""}${pick("ABCDEFG".split(""))}`),
  ({ below }, { rows }) => csi(`${1 + below(rows)}d`),
  ({ pick }) => pick(["\x1b7", "\x1b8"]),
  ({ below }) => csi(`${below(7)} q`),
  // What erases, inserts and deletes.
  ({ below, pick }) => csi(`${below(3)}${pick(["J", "K", "K"])}`),
  ({ below, pick }) => csi(`${below(6)}${pick("X@PLMST".split(""))}`),
  ({ below, pick }) => csi(`${below(3)}${pick([" @", " A", "'}", "'~"])}`),
  (random) => (random() < 0.1 ? csi("3J") : ""),
  (random) => (random() < 0.1 ? "\x1b#8" : ""),
  // Modes.
  (random, { rows }) => (random() < 0.5 ? csi("r") : csi(`${1 + random.below(rows)};${1 + random.below(rows)}r`)),
  ({ pick }) => csi(`?${pick([1, 7, 12, 25, 45, 66, 1004, 2004])}${pick(["h", "l"])}`),
  ({ pick }) => csi(`?${pick([9, 1000, 1002, 1003, 1006, 1016])}${pick(["h", "h", "l"])}`),
  ({ pick }) => csi(`?${pick([47, 1047, 1049])}${pick(["h", "l"])}`),
  ({ pick }) => csi(`?6${pick(["h", "l", "l"])}`),
  ({ pick }) => csi(pick(["4h", "4l", "4l", "20h", "20l"])),
  () => csi("?7h"),
  ({ pick }) => `\x1b${pick("()*+".split(""))}${pick("0BBA".split(""))}`,
  ({ pick }) => pick(["\x0e", "\x0f", "\x1bn", "\x1bo"]),
  ({ pick }) => pick(["\x1bH", csi("g"), csi("3g")]),
  (random) => (random() < 0.1 ? pick3(random) : ""),
  // What is repeated, and what sets something outside the screen.
  ({ below }) => `r${csi(`${below(5)}b`)}`,
  ({ below }) => `\x1b]2;title ${below(9)}\x07`,
  ({ below }) => `\x1b]4;${below(16)};#${below(10)}0${below(10)}050\x1b\\`,
];

function pick3({ pick }: Random): string {
  return pick(["\x1bc", csi("!p"), csi("3J")]);
}

/** A grapheme cluster, or the first code points of one. */
function cluster({ below, pick }: Random): string {
  const codePoints = Array.from(pick(allClusters));
  return codePoints.slice(0, 1 + below(2 * codePoints.length)).join("");
}

function sgr(random: Random): string {
  const { below, pick } = random;
  const one = () =>
    pick([
      ..."0 1 2 3 4 4:3 4:5 21 7 8 9 53 22 24 27 31 42 94 105 39 49 58;5;9".split(" "),
      `38;5;${below(256)}`,
      `48;5;${below(256)}`,
      `38;2;${below(256)};${below(256)};3`,
      `48;2;1;${below(256)};3`,
    ]);
  return csi(`${Array.from({ length: 1 + below(3) }, one).join(";")}m`);
}

/** So many pieces of what a program might draw on a terminal of that size, each of them valid. */
export function drawAtRandom(random: Random, size: TerminalSize, count: number): string[] {
  return Array.from({ length: count }, () => random.pick(kinds)(random, size));
}

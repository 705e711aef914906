import { join } from "node:path";
import type { Random } from "./random.ts";

/** A program that people use, and how a test uses it. */
export interface UsedProgram {
  name: string;
  /** What must be installed. */
  program?: string;
  command: string;
  /** What is typed while it runs. */
  keys: (random: Random) => string;
  /** What ends it. */
  quit: string;
  /** Draws only when a key is pressed. */
  isQuiet?: true;
}

const node = JSON.stringify(process.execPath);
const script = (name: string) => JSON.stringify(join(import.meta.dirname, "programs", name));
const wheel = "\x1b[<65;3;3M";

/** Programs of every kind: an editor, a pager, a full-screen display, a spinner, an Ink interface, a shell. */
export const usedPrograms: UsedProgram[] = [
  {
    name: "vim, with mouse and alternate screen",
    program: "vim",
    command: `seq -f 'line %g – ünïcödé 世界 🇩🇪👍🏽 e\u0301' 500 > text; vim -u NONE -N +'set mouse=a ttymouse=sgr number' text`,
    keys: ({ pick, below }) =>
      pick([
        "\x06",
        "\x02",
        "ihello wörld 世👩🏽‍💻\x1b",
        "dd",
        "5j",
        "3k",
        "u",
        `${below(400) + 1}G`,
        ":split\r",
        "\x17w",
        wheel,
      ]),
    quit: "\x1b:qa!\r",
    isQuiet: true,
  },
  {
    name: "nano",
    program: "nano",
    command: `seq -f 'line %g – ünïcödé 👍🏽 e\u0301' 500 > text; nano text`,
    keys: ({ pick }) => pick(["\x16", "\x19", "hello ", "wörld\r", "\x0b", "\x1b[B", "\x1b[A"]),
    quit: "\x18n",
    isQuiet: true,
  },
  {
    name: "less",
    program: "less",
    command: `seq -f '\x1b[3%gmline\x1b[m' 1 6 > colours; seq -f 'line %g – a rather long line of text that wraps on narrow screens' 2000 > text; less -R colours text`,
    keys: ({ pick, below }) => pick([" ", "b", "j", "k", "d", "u", `${below(1500)}g`, "/7\r", "n", ":n\r"]),
    quit: "q",
    isQuiet: true,
  },
  {
    name: "top",
    program: "top",
    command: "top -d 0.1",
    keys: ({ pick }) => pick(["1", "t", "m", "c", "z", "x"]),
    quit: "q",
  },
  { name: "a spinner", command: `${node} ${script("spinner.mjs")}`, keys: () => "x", quit: "q" },
  {
    name: "an interface made with Ink",
    command: `${node} ${script("tasks.mjs")}`,
    keys: ({ pick }) => pick(["a", "b", "日", "👍🏽", "🇩", " "]),
    quit: "q",
  },
  {
    name: "a shell with 100,000 lines",
    command: "bash --norc",
    keys: ({ pick }) =>
      pick([
        "seq 100000\r",
        "seq -f '%g ünïcödé wörd 👨‍👩‍👧‍👦 and more and more' 3000\r",
        "ls -la /etc\r",
        "echo $COLUMNS\r",
        "clear\r",
      ]),
    quit: "\x03\rexit\r",
  },
];

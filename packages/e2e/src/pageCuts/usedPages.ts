import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { usedPrograms } from "../cuts/programs.ts";
import type { Random } from "../cuts/random.ts";
import { eventually } from "../world.ts";
import type { WatchedTab } from "./watchedTab.ts";

/** A program as it is used in a tab while another one is cut. */
export interface UsedInTabs {
  name: string;
  command: string;
  env?: Record<string, string>;
  /** Something happens in it, of its own accord or because somebody types. */
  use: (tab: WatchedTab, random: Random) => Promise<void>;
  /** Has it stand still so that two tabs can be compared, and go on. */
  still?: (tab: WatchedTab) => Promise<void>;
  goOn?: (tab: WatchedTab) => Promise<void>;
  quit: string;
  /** What it shows in the end. */
  last: RegExp;
}

const script = (name: string) => readFile(join(import.meta.dirname, "../cuts/programs", name), "utf8");
/** In a pod there is no file of ours: the program is in its environment. */
const runScript = `exec node --input-type=module -e "$SCRIPT"`;

/** An editor, a spinner, and a log of so many lines, a batch at each cut. */
export async function programsInTabs(lines: number, cuts: number): Promise<UsedInTabs[]> {
  const vim = usedPrograms.find(({ program }) => program === "vim")!;
  return [
    {
      name: "vim",
      command: vim.command,
      use: async (tab, random) => {
        for (let count = 1 + random.below(3); count > 0; count--) {
          await tab.type(vim.keys(random));
          await delay(random.below(100));
        }
      },
      quit: vim.quit,
      last: /^/,
    },
    {
      name: "a spinner",
      command: runScript,
      env: { SCRIPT: await script("spinner.mjs") },
      use: async (tab) => tab.type("x"),
      still: (tab) => tab.type("p"),
      goOn: (tab) => tab.type("p"),
      quit: "q",
      last: /finished/,
    },
    {
      name: `a log of ${lines} lines`,
      command: runScript,
      env: { SCRIPT: await script("log.mjs"), BATCH: String(Math.ceil(lines / cuts)) },
      use: async (tab, random) => {
        // Together with what is used before each cut, a batch a cut.
        const { offset } = await tab.seen();
        await tab.type("n");
        // What is typed and has not arrived when the connection breaks is not sent again.
        await eventually(async () => assert.ok((await tab.seen()).offset > offset, "the log does not go on"), {
          everyMilliseconds: 10,
        });
        await delay(random.below(1500));
      },
      quit: "q",
      last: new RegExp(`^${Math.ceil(lines / cuts) * cuts} lines`, "m"),
    },
  ];
}

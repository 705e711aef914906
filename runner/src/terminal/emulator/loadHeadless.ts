import { createRequire } from "node:module";
import type * as Graphemes from "@xterm/addon-unicode-graphemes";
import type * as Headless from "@xterm/headless";

const require = createRequire(import.meta.url);

/** xterm without a screen, and what has it know grapheme clusters. They are loaded when needed, since they cost a session 6 MB. */
export function loadHeadless(): typeof Headless & typeof Graphemes {
  return {
    ...(require("@xterm/headless") as typeof Headless),
    ...(require("@xterm/addon-unicode-graphemes") as typeof Graphemes),
  };
}

import { createRequire } from "node:module";
import type * as Headless from "@xterm/headless";

const require = createRequire(import.meta.url);

/** xterm without a screen. It is loaded when it is needed, since it costs a session 5 MB. */
export function loadHeadless(): typeof Headless {
  return require("@xterm/headless") as typeof Headless;
}

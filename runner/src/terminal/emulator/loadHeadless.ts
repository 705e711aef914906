import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** xterm without a screen. It is loaded when it is needed, since it costs a session 5 MB. */
export function loadHeadless(): typeof import("@xterm/headless") {
  return require("@xterm/headless") as typeof import("@xterm/headless");
}

import { delimiter, join } from "node:path";
import type { Settings } from "../env.ts";
import type { Folders } from "../folders.ts";
import { findProgram } from "./findProgram.ts";

/**
 * What the command sees: a fixed base, then the user's own variables. Nothing else of the runner's environment, which
 * names the Secret's folder and may hold npm's credentials.
 */
export async function commandEnvironment(settings: Settings, folders: Folders): Promise<Record<string, string>> {
  const env: Record<string, string> = {
    PATH: settings.path,
    HOME: folders.home,
    SHELL: (await findProgram("bash", settings.path)) ?? "/bin/sh",
    TERM: "xterm-256color",
    COLORTERM: "truecolor",
    LANG: settings.lang,
    ...settings.userEnvironment,
  };
  return { ...env, PATH: [join(folders.work, "node_modules/.bin"), env["PATH"]].join(delimiter) };
}

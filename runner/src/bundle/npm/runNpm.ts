import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { endProcesses } from "../../command/endProcesses.ts";
import { spawnPty } from "../../command/pty.ts";
import type { Settings } from "../../env.ts";
import type { Folders } from "../../folders.ts";
import { BundleError } from "../bundleError.ts";
import type { Placement } from "../placeBundle.ts";

/** How long npm may take in all, in milliseconds; its own limits are per request. */
const npmMilliseconds = 10 * 60_000;
/** How much of npm's last output is searched for its error, in characters. */
const tailCharacters = 16 * 1024;

const options = [
  "--no-audit",
  "--no-fund",
  "--no-update-notifier",
  "--logs-max=0",
  "--fetch-timeout=60000",
  "--fetch-retries=2",
  "--fetch-retry-mintimeout=1000",
  "--fetch-retry-maxtimeout=5000",
];

/**
 * Runs npm in the work folder, visibly: on a pseudoterminal, so that it shows its progress. `task` says to a person what it
 * is to do, as in "npm could not …".
 * @throws BundleError with npm's own reason, or when it takes too long.
 */
export async function runNpm(task: string, args: string[], placement: Placement): Promise<void> {
  const { settings, folders, terminal, stopping } = placement;
  stopping.throwIfAborted();
  let tail = "";
  const npm = spawnPty({
    file: process.execPath,
    args: [npmCli(), ...args, ...options, "--prefix", folders.work, "--cache", join(folders.npm, "cache")],
    env: npmEnvironment(settings, folders),
    folder: folders.work,
    size: terminal.size(),
    onOutput: (output) => {
      tail = (tail + output.toString()).slice(-tailCharacters);
      terminal.print(output);
    },
  });
  const finished = new AbortController();
  const timeout = delay(npmMilliseconds, undefined, { signal: AbortSignal.any([stopping, finished.signal]) });
  const exit = await Promise.race([npm.ended, timeout.catch(() => undefined)]);
  finished.abort();
  if (!exit) await endProcesses(npm.pid, 0);
  stopping.throwIfAborted();
  if (!exit) throw new BundleError(`npm did not ${task} within ${npmMilliseconds / 60_000} minutes.`);
  if (exit.exitCode !== 0) throw new BundleError(`npm could not ${task}: ${npmReason(tail)}`);
}

/** npm's configuration is the operator's: nothing of the user's environment reaches it. */
function npmEnvironment(settings: Settings, folders: Folders): Record<string, string> {
  return { ...settings.npmEnvironment, PATH: settings.path, LANG: settings.lang, HOME: folders.npm };
}

function npmCli(): string {
  return join(dirname(createRequire(import.meta.url).resolve("npm/package.json")), "bin/npm-cli.js");
}

/** What npm says went wrong: the first of its error lines that is not only a code. */
export function npmReason(output: string): string {
  const errors = stripVTControlCharacters(output).matchAll(/npm error (?!code )(.*\S)/g);
  return [...errors][0]?.[1] ?? "its output in the terminal says why.";
}

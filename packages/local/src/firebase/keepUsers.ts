import { hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@cliscale/service";
import { projectId } from "../settings.ts";

const everyMilliseconds = 2_000;
const callMilliseconds = 10_000;

/** Keeps the users of the Auth emulator over its end. */
export interface UsersKeeper {
  /** Writes them down if they have changed since the last time. */
  keep(): Promise<void>;
}

/**
 * Has the emulators write their users down whenever these have changed, so that even a killed emulator has lost little. Their
 * own way of doing so on the way out finds them by a file in the system's folder for temporary files, and with it, where two
 * stacks run at a time, those of the other one.
 */
export async function keepUsers(projectFolder: string, usersFolder: string, logger: Logger): Promise<UsersKeeper> {
  const { emulators } = JSON.parse(await readFile(join(projectFolder, "firebase.json"), "utf8")) as {
    emulators: Record<"auth" | "hub", { port: number }>;
  };
  let kept = await fingerprint(emulators.auth.port);
  let running: Promise<void> | undefined;

  async function keepChanges(): Promise<void> {
    try {
      const current = await fingerprint(emulators.auth.port);
      if (current === kept) return;
      await exportTo(usersFolder, emulators.hub.port);
      kept = current;
    } catch (error) {
      logger.warn({ err: error }, "the users could not be written down");
    }
  }

  const keep = () => (running ??= keepChanges().finally(() => (running = undefined)));
  setInterval(() => void keep(), everyMilliseconds).unref();
  return { keep };
}

/** https://cloud.google.com/identity-platform/docs/reference/rest/v1/projects.accounts/batchGet; `owner` is the emulator's administrator. */
async function fingerprint(authPort: number): Promise<string> {
  const url = `http://127.0.0.1:${authPort}/identitytoolkit.googleapis.com/v1/projects/${projectId}/accounts:batchGet?maxResults=1000`;
  const answer = await fetch(url, {
    headers: { Authorization: "Bearer owner" },
    signal: AbortSignal.timeout(callMilliseconds),
  });
  if (!answer.ok) throw new Error(`the Auth emulator answered ${answer.status}`);
  return hash("sha256", await answer.text());
}

/** What `firebase emulators:export` asks of the emulators. */
async function exportTo(path: string, hubPort: number): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${hubPort}/_admin/export`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ path, initiatedBy: "cliscale" }),
    signal: AbortSignal.timeout(callMilliseconds),
  });
  if (!answer.ok) throw new Error(`the emulators answered ${answer.status}`);
}

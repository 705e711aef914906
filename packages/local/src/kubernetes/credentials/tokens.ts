import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type UserId, users } from "../api/authenticate.ts";

const tokenBytes = 32;

/**
 * The bearer token of each user, kept in `NAME.token` in the given folder, which is readable to its owner alone; made when
 * it is missing.
 */
export async function loadTokens(directory: string): Promise<Record<UserId, string>> {
  const entries = await Promise.all(
    Object.keys(users).map(async (user) => [user, await loadToken(join(directory, `${user}.token`))] as const),
  );
  return Object.fromEntries(entries) as Record<UserId, string>;
}

async function loadToken(path: string): Promise<string> {
  const kept = (await readFile(path, "utf8").catch(() => "")).trim();
  if (kept !== "") return kept;
  const token = randomBytes(tokenBytes).toString("base64url");
  await writeFile(path, token, { mode: 0o600 });
  return token;
}

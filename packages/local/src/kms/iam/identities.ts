import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Who speaks to the stand-in, as members of IAM policies; each has a token of its own in a file `NAME.token`. */
export const members = {
  functions: "serviceAccount:functions@demo-cliscale.iam.gserviceaccount.com",
  rotation: "serviceAccount:rotation@demo-cliscale.iam.gserviceaccount.com",
  operator: "user:operator@example.com",
} as const;
export type Identity = keyof typeof members;

export function tokenFileOf(identity: Identity, stateDir: string): string {
  return join(stateDir, "kms", `${identity}.token`);
}

/** Resolves to the members by their tokens, which are made where there are none. Who names nobody is who runs the stand-in. */
export async function loadIdentities(stateDir: string): Promise<Map<string, string>> {
  await mkdir(join(stateDir, "kms"), { recursive: true, mode: 0o700 });
  const entries = await Promise.all(
    Object.entries(members).map(async ([identity, member]) => {
      return [await loadToken(tokenFileOf(identity as Identity, stateDir)), member] as const;
    }),
  );
  return new Map<string, string>([["", members.operator], ...entries]);
}

async function loadToken(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    const token = randomBytes(32).toString("base64url");
    await writeFile(file, token, { mode: 0o600 });
    return token;
  }
}

import { setTimeout as delay } from "node:timers/promises";
import { deleteTokensOfKey } from "@cliscale/db";
import type { KeyVersions } from "../tokens/keyVersions.ts";
import type { Operator } from "./operator.ts";

const generationMilliseconds = 60_000;
const pollMilliseconds = 500;

/**
 * Has a compromised key sign nothing any more and let nobody in: another version is made sure of, the key's is disabled, and its tokens
 * that nobody has used are deleted. Without its row a token is refused at once, whoever signed it and whatever gateways have cached. May
 * be repeated. Resolves to what was done.
 */
export async function revokeKey({ pool, signer, keyVersions }: Operator, kid: string): Promise<string> {
  const enabled = await signer.enabledKeys();
  const compromised = enabled.find((key) => key.kid === kid);
  const done: string[] = [];
  if (compromised) {
    if (enabled.length === 1) done.push(`created ${await createVersion(keyVersions)}`);
    await keyVersions.disable(compromised.name);
    done.push(`disabled ${compromised.name}`);
  } else {
    done.push("no enabled version has this key id");
  }
  done.push(`deleted ${await deleteTokensOfKey(pool, kid)} unused tokens`);
  return `${kid}: ${done.join("; ")}`;
}

/** Resolves to the name of a version once it is generated; it signs as soon as it is the only one that is enabled. */
async function createVersion(keyVersions: KeyVersions): Promise<string> {
  const created = await keyVersions.create();
  const end = Date.now() + generationMilliseconds;
  for (;;) {
    const version = (await keyVersions.list()).find(({ name }) => name === created);
    if (version?.state === "ENABLED") return created;
    if (Date.now() > end) throw new Error(`${created} is not generated yet, and nothing was disabled: try again`);
    await delay(pollMilliseconds);
  }
}

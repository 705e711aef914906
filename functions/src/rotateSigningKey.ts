import * as logger from "firebase-functions/logger";
import { onSchedule } from "firebase-functions/scheduler";
import { optionsOf } from "./budgets.ts";
import { loadSigner } from "./deps.ts";
import type { Signer } from "./tokens/signer.ts";

/** Age at which the newest version of the signing key gets a successor. */
const rotateAfterMilliseconds = 30 * 24 * 60 * 60_000;

/** Creates a new version of the signing key when the newest one is old; returns its name, or undefined. */
export async function handleRotation(signer: Signer, now: number): Promise<string | undefined> {
  const newest = Math.max(...(await signer.versions()).map(({ createdAt }) => createdAt));
  return now - newest > rotateAfterMilliseconds ? signer.createVersion() : undefined;
}

export const rotateSigningKey = onSchedule(
  { schedule: "0 3 * * *", retryCount: 3, ...optionsOf("rotateSigningKey") },
  async () => {
    const created = await handleRotation(await loadSigner(), Date.now());
    logger.info("rotation", { created: created ?? null });
  },
);

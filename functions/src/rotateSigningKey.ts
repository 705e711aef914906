import * as logger from "firebase-functions/logger";
import { onSchedule } from "firebase-functions/scheduler";
import { optionsOf } from "./budgets.ts";
import { loadKeyVersions } from "./deps.ts";
import { rotationServiceAccount } from "./params.ts";
import type { KeyVersions } from "./tokens/keyVersions.ts";
import { planRotation } from "./tokens/rotationPlan.ts";

/** What a rotation has done; names of versions. */
export interface RotationResult {
  created: string | null;
  disabled: string[];
  destructionScheduled: string[];
}

/** Brings the versions of the signing key to where they should be at this time, in milliseconds since 1970. */
export async function handleRotation(versions: KeyVersions, now: number): Promise<RotationResult> {
  const plan = planRotation(await versions.list(), now);
  const created = plan.create ? await versions.create() : null;
  for (const name of plan.disable) await versions.disable(name);
  for (const name of plan.scheduleDestruction) await versions.scheduleDestruction(name);
  return { created, disabled: plan.disable, destructionScheduled: plan.scheduleDestruction };
}

/** Under an identity of its own: nothing else of cliscale may create, disable or destroy versions of the key. */
export const rotateSigningKey = onSchedule(
  {
    schedule: "0 3 * * *",
    retryCount: 3,
    serviceAccount: rotationServiceAccount,
    ...optionsOf("rotateSigningKey"),
  },
  async () => {
    logger.info("rotation", await handleRotation(await loadKeyVersions(), Date.now()));
  },
);

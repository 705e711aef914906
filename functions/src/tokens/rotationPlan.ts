import type { KeyVersion } from "./keyVersions.ts";
import { publishedMilliseconds } from "./signingVersion.ts";

const dayMilliseconds = 24 * 60 * 60_000;
/** Age at which the newest version gets a successor. */
const rotateAfterMilliseconds = 30 * dayMilliseconds;
/**
 * How long a successor has signed when its predecessors are disabled. An hour would do: no token lives longer than ten minutes, and no
 * instance believes a list of versions for longer than half of one. A day lets people notice a bad successor, and disable that one.
 */
const disableAfterMilliseconds = publishedMilliseconds + dayMilliseconds;
/** Age of the oldest successor at which a disabled version is given up; Cloud KMS then keeps it for another 30 days. */
const destroyAfterMilliseconds = 30 * dayMilliseconds;

/** What a rotation is to do; names of versions. */
export interface RotationPlan {
  create: boolean;
  disable: string[];
  scheduleDestruction: string[];
}

/**
 * Decides by the versions as Cloud KMS has them now, and by nothing else: a rotation that was cut short, or is repeated, goes on from
 * what there is. A version's successors are the enabled ones that are newer. What nobody has replaced is never touched.
 */
export function planRotation(versions: readonly KeyVersion[], now: number): RotationPlan {
  const isOlder = (version: KeyVersion, age: number) => now - version.createdAt >= age;
  const hasSuccessor = (version: KeyVersion, age: number) =>
    versions.some((other) => other.state === "ENABLED" && other.createdAt > version.createdAt && isOlder(other, age));
  const inState = (state: KeyVersion["state"]) => versions.filter((version) => version.state === state);

  const alive = [...inState("ENABLED"), ...inState("PENDING_GENERATION")];
  return {
    create: alive.every((version) => isOlder(version, rotateAfterMilliseconds)),
    disable: names(inState("ENABLED").filter((version) => hasSuccessor(version, disableAfterMilliseconds))),
    scheduleDestruction: names(
      inState("DISABLED").filter((version) => hasSuccessor(version, destroyAfterMilliseconds)),
    ),
  };
}

function names(versions: KeyVersion[]): string[] {
  return versions.map(({ name }) => name);
}

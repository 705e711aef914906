import { restoreUser, revokeUser } from "@cliscale/db";
import { forEachBounded } from "../sweep/each.ts";
import { passOnPlace } from "../sessions/startNext.ts";
import type { Operator } from "./operator.ts";

/**
 * Ends a user's sessions, and refuses new ones at once: the database refuses to create them, and Firebase Authentication any call
 * that checks revocation. May be repeated; where one half fails the other holds. Resolves to what was done.
 */
export async function revoke(operator: Operator, uid: string): Promise<string> {
  const { pool, auth, cluster } = operator;
  const ended = await revokeUser(pool, uid);
  const rowsFirst = Promise.all([
    // Gateways close what is attached by the rows alone; a Job that cannot be deleted now is deleted by the sweep.
    forEachBounded(ended, (id) => cluster.deleteJob(id)).catch((error: Error) => {
      process.stderr.write(`Some Jobs are left to the next sweep: ${error.message}\n`);
    }),
    passOnPlace(operator),
  ]);
  try {
    await auth.updateUser(uid, { disabled: true });
    await auth.revokeRefreshTokens(uid);
  } catch (error) {
    throw new Error(
      `${ended.length} sessions of ${uid} have ended and no others can be created, but the user could not be disabled in ` +
        `Firebase Authentication: ${(error as Error).message}. Try again.`,
      { cause: error },
    );
  } finally {
    await rowsFirst;
  }
  return `${uid} is revoked; sessions ended: ${ended.length}`;
}

/** Lets a user in again; sessions that have ended stay so. */
export async function restore({ pool, auth }: Operator, uid: string): Promise<string> {
  await auth.updateUser(uid, { disabled: false });
  await restoreUser(pool, uid);
  return `${uid} may sign in and create sessions again`;
}

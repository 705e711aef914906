import type { SessionState } from "@cliscale/protocol";

/** Fewer Jobs without rows than this are what failed starts leave behind. */
const suspiciousJobs = 20;
const suspiciousShare = 0.1;

/** The code by which an alert on the log finds it. */
export const wrongDatabaseCode = "SWEEP_WRONG_DATABASE";

/** So many Jobs have no row that the rows must be another cluster's, or lost: deleting the Jobs would end everybody's sessions. */
export class WrongDatabaseError extends Error {
  override name = "WrongDatabaseError";
  readonly code = wrongDatabaseCode;
}

/** @throws WrongDatabaseError */
export function refuseWrongDatabase(ids: Iterable<string>, states: ReadonlyMap<string, SessionState>): void {
  const all = [...ids];
  const rowless = all.filter((id) => !states.has(id)).length;
  if (rowless < suspiciousJobs || rowless <= all.length * suspiciousShare) return;
  throw new WrongDatabaseError(
    `${rowless} of ${all.length} Jobs have no row. Is CLISCALE_DATABASE_URL the database of this cluster? Nothing was changed. ` +
      `If the rows are really gone, delete those Jobs by hand.`,
  );
}

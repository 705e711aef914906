import type { Pool } from "pg";

export interface Silence {
  /** From when on a gateway that has not reported counts as silent. */
  silentAfterSeconds: number;
  /** Silence that was seen again within this is one silence; after a longer gap it begins anew. */
  gapSeconds: number;
  /** Silence after which a gateway is taken to be dead, and is waited for no longer. */
  deadAfterSeconds: number;
}

/**
 * Writes down which gateways do not report, and forgets those that have been seen so for long: they were killed. A silence counts from
 * when it is first seen and not from the last report, since after an outage of the database nobody has reported for long. Returns
 * how many are silent, and how many were forgotten.
 */
export async function noteSilentGateways(
  pool: Pool,
  { silentAfterSeconds, gapSeconds, deadAfterSeconds }: Silence,
): Promise<{ silent: number; dead: number }> {
  const { rowCount: silent } = await pool.query(
    `update gateways
     set silent_since = case when silent_at >= now() - make_interval(secs => $2) then coalesce(silent_since, now()) else now() end,
         silent_at = now()
     where reported_at < now() - make_interval(secs => $1)`,
    [silentAfterSeconds, gapSeconds],
  );
  if (silent === 0) return { silent: 0, dead: 0 };
  const { rowCount: dead } = await pool.query(
    `delete from gateways
     where reported_at < now() - make_interval(secs => $1) and silent_since <= now() - make_interval(secs => $2)`,
    [silentAfterSeconds, deadAfterSeconds],
  );
  return { silent: silent ?? 0, dead: dead ?? 0 };
}

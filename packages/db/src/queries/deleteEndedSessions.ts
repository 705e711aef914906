import type { Pool } from "pg";

/** Deletes sessions that ended longer ago than this, `limit` at most; returns how many. Sweeps at the same time pass each other. */
export async function deleteEndedSessions(pool: Pool, olderThanDays: number, limit: number): Promise<number> {
  const { rowCount } = await pool.query(
    `delete from sessions
     where id in (
       select id from sessions
       where state = 'ended' and ended_at < now() - make_interval(days => $1)
       order by ended_at
       limit $2
       for update skip locked
     )`,
    [olderThanDays, limit],
  );
  return rowCount ?? 0;
}

import type { Pool } from "pg";

/** Removes a queued session that was created at least so long ago and is not prepared; returns whether it was there. */
export async function discardUnpreparedSession(pool: Pool, id: string, olderThanSeconds: number): Promise<boolean> {
  const { rowCount } = await pool.query(
    `delete from sessions
     where id = $1 and state = 'queued' and prepared_at is null and created_at <= now() - make_interval(secs => $2)`,
    [id, olderThanSeconds],
  );
  return rowCount === 1;
}

/** Removes all such sessions, `limit` at most; returns their ids. Sweeps at the same time pass each other. */
export async function discardUnpreparedSessions(
  pool: Pool,
  olderThanSeconds: number,
  limit: number,
): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `delete from sessions
     where id in (
       select id from sessions
       where state = 'queued' and prepared_at is null and created_at <= now() - make_interval(secs => $1)
       order by created_at
       limit $2
       for update skip locked
     )
     returning id`,
    [olderThanSeconds, limit],
  );
  return rows.map(({ id }) => id);
}

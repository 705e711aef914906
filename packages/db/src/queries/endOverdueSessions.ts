import type { Pool } from "pg";

/** Ends started sessions that are past their lifetime, `limit` at most; returns their ids. */
export async function endOverdueSessions(pool: Pool, limit: number): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `update sessions set state = 'ended', end_reason = 'deadline', ended_at = now()
     where id in (
       select id from sessions
       where state in ('starting', 'ready') and expires_at <= now()
       order by expires_at
       limit $1
       for update skip locked
     )
     returning id`,
    [limit],
  );
  return rows.map(({ id }) => id);
}

import type { Pool } from "pg";

/** Ends started sessions of one owner that are past their lifetime, or one of them where it is; returns their ids. */
export async function endOverdueSessionsOf(
  pool: Pool,
  { ownerUid, sessionId }: { ownerUid: string; sessionId?: string },
): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `update sessions set state = 'ended', end_reason = 'deadline', ended_at = now()
     where id in (
       select id from sessions
       where owner_uid = $1 and ($2::uuid is null or id = $2)
         and state in ('starting', 'ready') and expires_at <= now()
       order by id
       for update
     )
     returning id`,
    [ownerUid, sessionId ?? null],
  );
  return rows.map(({ id }) => id);
}

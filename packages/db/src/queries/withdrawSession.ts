import type { Pool } from "pg";

/** `used`: somebody has attached to it; `promised`: somebody may yet; `gone`: it was removed now, or earlier, or has ended. */
export type Withdrawal = "gone" | "used" | "promised";

/** Removes a session, whatever its state, unless it has ended, somebody has attached to it, or holds a token that may still enter. */
export async function withdrawSession(pool: Pool, id: string): Promise<Withdrawal> {
  const { rows } = await pool.query<{ is_used: boolean; is_promised: boolean }>(
    `with found as (
       select id, last_attach_at is not null as is_used,
         exists (select from token_jti t where t.session_id = s.id and t.expires_at > now()) as is_promised
       from sessions s where id = $1 and state <> 'ended'
       for update
     ), removed as (
       delete from sessions using found where sessions.id = found.id and not is_used and not is_promised
     )
     select is_used, is_promised from found`,
    [id],
  );
  const [found] = rows;
  if (found?.is_used) return "used";
  return found?.is_promised ? "promised" : "gone";
}

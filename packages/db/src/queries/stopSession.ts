import type { Pool } from "pg";
import type { SessionRow } from "../sessionRow.ts";

/** Ends a session because its owner asks for it, which is recorded; undefined when it had ended. */
export async function stopSession(pool: Pool, id: string): Promise<SessionRow | undefined> {
  const { rows } = await pool.query<SessionRow>(
    `with stopped as (
       update sessions set state = 'ended', ended_at = now(), end_reason = 'stopped'
       where id = $1 and state <> 'ended'
       returning *
     ),
     audit as (
       insert into audit_events (action, actor, owner_uid, session_id)
       select 'stop', owner_uid, owner_uid, id from stopped
     )
     select * from stopped`,
    [id],
  );
  return rows[0];
}

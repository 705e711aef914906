import type { Pool } from "pg";
import type { SessionRow } from "../sessionRow.ts";

/** Takes a prepared session out of the queue; its lifetime begins. Undefined when it does not wait there, for example stopped. */
export async function startSession(pool: Pool, id: string): Promise<SessionRow | undefined> {
  const { rows } = await pool.query<SessionRow>(
    `update sessions
     set state = 'starting', started_at = now(), expires_at = now() + make_interval(secs => lifetime_seconds)
     where id = $1 and state = 'queued' and prepared_at is not null
     returning *`,
    [id],
  );
  return rows[0];
}

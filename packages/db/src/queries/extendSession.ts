import type { Pool } from "pg";
import { queuePosition } from "../queuePosition.ts";
import type { SessionRow } from "../sessionRow.ts";

/**
 * Moves the end of a session to `lifetimeSeconds` from now, by the database's clock: never back, and never past the longest
 * lifetime after its start. A queued session has not started: its lifetime, which counts from the start, becomes at
 * least `lifetimeSeconds`. Undefined when it has ended or is past its lifetime.
 */
export async function extendSession(
  pool: Pool,
  id: string,
  { lifetimeSeconds, lifetimeMaxSeconds }: { lifetimeSeconds: number; lifetimeMaxSeconds: number },
): Promise<SessionRow | undefined> {
  const { rows } = await pool.query<SessionRow>(
    `update sessions s
     set
       lifetime_seconds = case
         when state = 'queued' then greatest(lifetime_seconds, least($2::integer, $3::integer))
         else lifetime_seconds
       end,
       expires_at = greatest(
         expires_at,
         least(now() + make_interval(secs => $2), coalesce(started_at, now()) + make_interval(secs => $3))
       )
     where id = $1 and (state = 'queued' or state in ('starting', 'ready') and expires_at > now())
     returning s.*, ${queuePosition}`,
    [id, lifetimeSeconds, lifetimeMaxSeconds],
  );
  return rows[0];
}

import type { Pool } from "pg";
import type { SessionRow } from "../sessionRow.ts";

/** Records that the terminal of a starting session can be attached at this address. Undefined when it is not starting. */
export async function markSessionReady(pool: Pool, id: string, podIp: string): Promise<SessionRow | undefined> {
  const { rows } = await pool.query<SessionRow>(
    `update sessions set state = 'ready', ready_at = now(), last_active_at = now(), pod_ip = $2
     where id = $1 and state = 'starting'
     returning *`,
    [id, podIp],
  );
  return rows[0];
}

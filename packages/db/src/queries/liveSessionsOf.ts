import type { Pool } from "pg";
import type { SessionRow } from "../sessionRow.ts";

/** An owner's sessions that have not ended. */
export async function liveSessionsOf(pool: Pool, ownerUid: string): Promise<SessionRow[]> {
  const { rows } = await pool.query<SessionRow>(`select * from sessions where owner_uid = $1 and state <> 'ended'`, [
    ownerUid,
  ]);
  return rows;
}

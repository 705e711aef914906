import type { Pool } from "pg";
import type { SessionRow } from "../sessionRow.ts";

/** The sessions that wait prepared, the oldest first, `limit` at most. */
export async function preparedSessions(pool: Pool, limit: number): Promise<SessionRow[]> {
  const { rows } = await pool.query<SessionRow>(
    `select * from sessions where state = 'queued' and prepared_at is not null order by created_at, id limit $1`,
    [limit],
  );
  return rows;
}

import type { Pool } from "pg";

/** Removes a session whose start failed before its pod could run; one that has come further stays. */
export async function discardSession(pool: Pool, id: string): Promise<void> {
  await pool.query(`delete from sessions where id = $1 and state in ('queued', 'starting')`, [id]);
}

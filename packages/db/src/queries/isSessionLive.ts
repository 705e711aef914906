import type { Pool } from "pg";

/** Whether a session is ready and within its lifetime, by the database's clock. */
export async function isSessionLive(pool: Pool, id: string): Promise<boolean> {
  const { rows } = await pool.query(`select from sessions where id = $1 and state = 'ready' and expires_at > now()`, [
    id,
  ]);
  return rows.length === 1;
}

import type { Pool } from "pg";

/** Records that the Job and the Secret of a queued session stand; false when that is known, or it is no longer queued. */
export async function markSessionPrepared(pool: Pool, id: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update sessions set prepared_at = now() where id = $1 and state = 'queued' and prepared_at is null`,
    [id],
  );
  return rowCount === 1;
}

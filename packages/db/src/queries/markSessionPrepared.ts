import type { Pool } from "pg";

/** Records that the Job and the Secret of a queued session stand; false when it is no longer queued. */
export async function markSessionPrepared(pool: Pool, id: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update sessions set prepared_at = coalesce(prepared_at, now()) where id = $1 and state = 'queued'`,
    [id],
  );
  return rowCount === 1;
}

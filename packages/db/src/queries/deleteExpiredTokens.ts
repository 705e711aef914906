import type { Pool } from "pg";

/** Deletes tokens that have expired, `limit` at most; returns how many. Sweeps at the same time pass each other. */
export async function deleteExpiredTokens(pool: Pool, limit: number): Promise<number> {
  const { rowCount } = await pool.query(
    `delete from token_jti
     where jti in (
       select jti from token_jti where expires_at < now() order by expires_at limit $1 for update skip locked
     )`,
    [limit],
  );
  return rowCount ?? 0;
}

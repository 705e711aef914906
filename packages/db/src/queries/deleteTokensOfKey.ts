import type { Pool } from "pg";

/** Takes all tokens that a key has signed, and that nobody has used, off the list of those that may enter; resolves to how many. */
export async function deleteTokensOfKey(pool: Pool, kid: string): Promise<number> {
  const { rowCount } = await pool.query(`delete from token_jti where kid = $1 and consumed_at is null`, [kid]);
  return rowCount ?? 0;
}

import type { Pool } from "pg";

/** Removes a session whose start failed, unless it has ended or somebody has been given a token for it. */
export async function discardSession(pool: Pool, id: string): Promise<void> {
  await pool.query(
    `delete from sessions s
     where id = $1 and state <> 'ended' and not exists (select from token_jti t where t.session_id = s.id)`,
    [id],
  );
}

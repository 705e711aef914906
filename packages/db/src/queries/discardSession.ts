import type { SessionState } from "@cliscale/protocol";
import type { Pool } from "pg";

/** Removes a session whose start failed, if it is in one of these states and nobody has been given a token for it. */
export async function discardSession(pool: Pool, id: string, states: readonly SessionState[]): Promise<void> {
  await pool.query(
    `delete from sessions s
     where id = $1 and state = any ($2) and not exists (select from token_jti t where t.session_id = s.id)`,
    [id, states],
  );
}

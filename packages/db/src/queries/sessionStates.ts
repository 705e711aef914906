import type { SessionState } from "@cliscale/protocol";
import type { Pool } from "pg";

/** The states of those of these sessions that have a row, whoever owns them. */
export async function sessionStates(pool: Pool, ids: readonly string[]): Promise<Map<string, SessionState>> {
  const { rows } = await pool.query<{ id: string; state: SessionState }>(
    `select id, state from sessions where id = any ($1::uuid[])`,
    [ids],
  );
  return new Map(rows.map(({ id, state }) => [id, state]));
}

import type { Pool } from "pg";

interface StartLimits {
  /** Sessions that start or are ready at once, at most. */
  sessionsTotal: number;
  /** For so long after its creation a session that is not prepared keeps its place: its launcher may yet finish. */
  launchSeconds: number;
}

/**
 * Takes sessions out of the queue as far as there is room, in the order of their creation; their lifetimes begin. Resolves to
 * their ids. However many do this at once, there are never more than `sessionsTotal`.
 */
export async function startQueuedSessions(
  pool: Pool,
  { sessionsTotal, launchSeconds }: StartLimits,
): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(`select id from start_queued_sessions($1, $2) id`, [
    sessionsTotal,
    launchSeconds,
  ]);
  return rows.map(({ id }) => id);
}

import type { Pool } from "pg";
import { activityKnownUntilSql, idleAtSql } from "../idle.ts";

/**
 * Looks at ready sessions whose time to be looked at has come, `limit` at most: ends those that are idle, and puts off the look at
 * the others until they would be. Returns how many it has looked at and the ids of those that it has ended. Sweeps at the same time
 * pass each other.
 */
export async function endIdleSessions(
  pool: Pool,
  { outputMaxSeconds, limit }: { outputMaxSeconds: number; limit: number },
): Promise<{ looked: number; ended: string[] }> {
  const { rows } = await pool.query<{ id: string; ended: boolean }>(
    `with known as materialized (
       select ${activityKnownUntilSql} as until
     ), due as materialized (
       select id, ${idleAtSql("$1")} as idle_at
       from sessions
       where state = 'ready' and idle_seconds > 0 and idle_check_at <= (select until from known)
       order by idle_check_at
       limit $2
       for update skip locked
     )
     update sessions s
     set idle_check_at = due.idle_at,
         state = case when due.idle_at <= known.until then 'ended' else s.state end,
         end_reason = case when due.idle_at <= known.until then 'idle' else s.end_reason end,
         ended_at = case when due.idle_at <= known.until then now() else s.ended_at end
     from due, known
     where s.id = due.id
     returning s.id, s.state = 'ended' as ended`,
    [outputMaxSeconds, limit],
  );
  return { looked: rows.length, ended: rows.filter(({ ended }) => ended).map(({ id }) => id) };
}

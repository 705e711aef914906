import type { Pool } from "pg";
import { activityKnownUntilSql, idleAtSql } from "../idle.ts";

interface Whose {
  ownerUid: string;
  /** One of them alone. */
  sessionId?: string;
  /** How long output alone keeps a session from being idle. */
  outputMaxSeconds: number;
}

/** Ends started sessions of one owner that are past their lifetime, and ready ones that are idle; returns their ids. */
export async function endOverdueSessionsOf(
  pool: Pool,
  { ownerUid, sessionId, outputMaxSeconds }: Whose,
): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `update sessions
     set state = 'ended', end_reason = case when expires_at <= now() then 'deadline' else 'idle' end, ended_at = now()
     where id in (
       select id from sessions
       where owner_uid = $1 and ($2::uuid is null or id = $2)
         and (state in ('starting', 'ready') and expires_at <= now()
           or state = 'ready' and idle_seconds > 0 and ${idleAtSql("$3")} <= ${activityKnownUntilSql})
       order by id
       for update
     )
     returning id`,
    [ownerUid, sessionId ?? null, outputMaxSeconds],
  );
  return rows.map(({ id }) => id);
}

import type { Pool } from "pg";
import type { SessionRow } from "../sessionRow.ts";

export type LiveSession = SessionRow & {
  /** Whether it has been starting for longer than `slowStartSeconds`. */
  starts_slowly: boolean;
};

interface Page {
  /** The last id of the page before; undefined for the first. */
  after: string | undefined;
  limit: number;
  slowStartSeconds: number;
}

/** A page of the sessions that have not ended, in the order of their ids. */
export async function liveSessions(pool: Pool, { after, limit, slowStartSeconds }: Page): Promise<LiveSession[]> {
  const { rows } = await pool.query<LiveSession>(
    `select *, state = 'starting' and started_at < now() - make_interval(secs => $3) as starts_slowly
     from sessions
     where state <> 'ended' and id > $1
     order by id
     limit $2`,
    [after ?? "00000000-0000-0000-0000-000000000000", limit, slowStartSeconds],
  );
  return rows;
}

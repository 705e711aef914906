import type { SessionState } from "@cliscale/protocol";
import type { Pool } from "pg";
import { queuePosition } from "../queuePosition.ts";
import type { SessionRow } from "../sessionRow.ts";

export interface SessionListing {
  ownerUid: string;
  state: SessionState | undefined;
  /** Where the page before ended. */
  after: SessionPosition | undefined;
  /** Sessions on the page at most. */
  limit: number;
}

/** A place in the order of a user's sessions. */
export interface SessionPosition {
  /** `created_at` since 1970, exactly: a Date would round it. */
  createdMicroseconds: number;
  id: string;
}

interface ListedRow extends SessionRow {
  created_microseconds: string;
}

/**
 * A page of a user's sessions, newest first and by id where several were created at once; `next` is where the next page
 * begins, absent on the last one. What comes or goes between two pages moves no other session.
 */
export async function listSessions(
  pool: Pool,
  { ownerUid, state, after, limit }: SessionListing,
): Promise<{ sessions: SessionRow[]; next?: SessionPosition }> {
  const { rows } = await pool.query<ListedRow>(
    `select s.*, (extract(epoch from s.created_at) * 1000000)::bigint as created_microseconds, ${queuePosition}
     from sessions s
       cross join (select timestamptz 'epoch' + $3::bigint * interval '1 microsecond' as created_at, $4::uuid as id) after
     where s.owner_uid = $1 and ($2::text is null or s.state = $2)
       and (after.created_at is null
         or s.created_at <= after.created_at and (s.created_at < after.created_at or s.id > after.id))
     order by s.created_at desc, s.id
     limit $5`,
    [ownerUid, state ?? null, after?.createdMicroseconds ?? null, after?.id ?? null, limit + 1],
  );
  const sessions = rows.slice(0, limit);
  const last = rows.length > limit ? sessions.at(-1) : undefined;
  if (!last) return { sessions };
  return { sessions, next: { createdMicroseconds: Number(last.created_microseconds), id: last.id } };
}

import type { Pool } from "pg";
import { queuePosition } from "../queuePosition.ts";
import type { SessionRow } from "../sessionRow.ts";

/** The session of this owner with this id, and its place in the queue. */
export async function findSession(pool: Pool, ownerUid: string, id: string): Promise<SessionRow | undefined> {
  const { rows } = await pool.query<SessionRow>(
    `select s.*, ${queuePosition} from sessions s where s.id = $1 and s.owner_uid = $2`,
    [id, ownerUid],
  );
  return rows[0];
}

/** The session of this owner that this request created. */
export async function findSessionOfRequest(
  pool: Pool,
  ownerUid: string,
  requestId: string,
): Promise<SessionRow | undefined> {
  const { rows } = await pool.query<SessionRow>(
    `select s.*, ${queuePosition} from sessions s where s.owner_uid = $1 and s.request_id = $2`,
    [ownerUid, requestId],
  );
  return rows[0];
}

import type { Pool } from "pg";
import type { SessionRow } from "../sessionRow.ts";

export type NewSession = Pick<
  SessionRow,
  | "id"
  | "owner_uid"
  | "request_id"
  | "request_digest"
  | "bundle_source"
  | "bundle_sha256"
  | "command"
  | "terminal"
  | "pod_secret"
  | "lifetime_seconds"
  | "idle_seconds"
>;

/** Inserts a queued session; undefined when its owner has one with this request id already. */
export async function insertSession(pool: Pool, session: NewSession): Promise<SessionRow | undefined> {
  const { rows } = await pool.query<SessionRow>(
    `insert into sessions (
       id, owner_uid, request_id, request_digest, bundle_source, bundle_sha256, command, terminal, pod_secret,
       lifetime_seconds, idle_seconds, expires_at
     )
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::integer, $11, now() + make_interval(secs => $10::integer))
     on conflict (owner_uid, request_id) do nothing
     returning *`,
    [
      session.id,
      session.owner_uid,
      session.request_id,
      session.request_digest,
      session.bundle_source,
      session.bundle_sha256,
      session.command,
      session.terminal,
      session.pod_secret,
      session.lifetime_seconds,
      session.idle_seconds,
    ],
  );
  return rows[0];
}

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

export interface AdmissionLimits {
  /** Sessions of the owner that have not ended. */
  perUser: number;
  /** Sessions of all that have not ended. */
  inTotal: number;
  /** Sessions of the owner that are created within a minute. */
  createsPerMinute: number;
}

/** Why no session was inserted, in the order in which it is checked; `repeated`: its owner has one of this request already. */
export type Admission =
  | { outcome: "inserted"; session: SessionRow }
  | { outcome: "revoked" | "perUser" | "inTotal" }
  | { outcome: "repeated" }
  | { outcome: "createsPerMinute"; retryAfterSeconds: number };

type AdmissionRow = SessionRow & {
  usage_outcome: Admission["outcome"];
  usage_retry_seconds: number;
};

/**
 * Inserts a queued session where the limits allow it, which no two calls at once pass together: `session_usage` counts under a
 * lock that is held until the session is there. It is created at the moment of the count, so that the order of the queue is that
 * of admission.
 */
export async function insertSession(pool: Pool, session: NewSession, limits: AdmissionLimits): Promise<Admission> {
  const { rows } = await pool.query<AdmissionRow>(
    `with usage as materialized (
       select *,
         case
           when is_revoked then 'revoked'
           when retry_seconds is not null then 'createsPerMinute'
           when of_owner >= $12 then 'perUser'
           when in_total >= $13 then 'inTotal'
           else 'repeated'
         end as outcome
       from session_usage($2, $14)
     ),
     inserted as (
       insert into sessions (
         id, owner_uid, request_id, request_digest, bundle_source, bundle_sha256, command, terminal, pod_secret,
         lifetime_seconds, idle_seconds, created_at, expires_at
       )
       select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10::integer, $11, counted_at, counted_at + make_interval(secs => $10::integer)
       from usage
       where outcome = 'repeated'
       on conflict (owner_uid, request_id) do nothing
       returning *
     )
     select
       case when inserted.id is null then usage.outcome else 'inserted' end as usage_outcome,
       usage.retry_seconds as usage_retry_seconds,
       inserted.*
     from usage left join inserted on true`,
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
      limits.perUser,
      limits.inTotal,
      limits.createsPerMinute,
    ],
  );
  const { usage_outcome: outcome, usage_retry_seconds: retryAfterSeconds, ...inserted } = rows[0]!;
  if (outcome === "inserted") return { outcome, session: inserted };
  return outcome === "createsPerMinute" ? { outcome, retryAfterSeconds } : { outcome };
}

import type { Pool } from "pg";
import type { SessionRow } from "../sessionRow.ts";

export interface TokenUse {
  jti: string;
  /** The token's `sub` and `sid`. */
  ownerUid: string;
  tokenSessionId: string;
  /** The session that the client asks to attach to. */
  sessionId: string;
  /** Whether the caller has room for another connection; if not, nothing is consumed. */
  admit: boolean;
}

/** Why a token does not let its bearer in, in the order in which they are checked; or where to connect. */
export type TokenVerdict =
  | { outcome: "unknown" | "expired" | "otherSession" | "notAdmitted" | "used" | "sessionGone" }
  | ({ outcome: "consumed" } & AttachTarget);

export interface AttachTarget {
  podIp: string;
  podSecret: string;
  terminal: SessionRow["terminal"];
}

interface VerdictRow {
  outcome: TokenVerdict["outcome"];
  pod_ip: string;
  pod_secret: string;
  terminal: SessionRow["terminal"];
}

/**
 * Decides an attach in one statement, by the database's clock: owner, session, state, expiry and single use. A token that
 * is refused is not spent. Of two uses at once the second waits for the first one's row lock, finds the row changed, and
 * matches nothing; its own snapshot still shows the token unused, which is why "nothing consumed" ends in `used`.
 */
export async function consumeToken(pool: Pool, use: TokenUse): Promise<TokenVerdict> {
  const { rows } = await pool.query<VerdictRow>({
    name: "consume-token",
    text: `
      with consumed as (
        update token_jti t
        set consumed_at = now()
        from sessions s
        where t.jti = $1 and t.owner_uid = $2 and t.session_id = $3 and t.session_id = $4 and $5::boolean
          and t.consumed_at is null and t.expires_at > now()
          and s.id = t.session_id and s.owner_uid = t.owner_uid and s.state = 'ready' and s.expires_at > now()
        returning s.pod_ip, s.pod_secret, s.terminal
      )
      select
        case
          when exists (select from consumed) then 'consumed'
          when t.jti is null then 'unknown'
          when t.expires_at <= now() then 'expired'
          when t.owner_uid <> $2 or t.session_id <> $3 or t.session_id <> $4 then 'otherSession'
          when not $5::boolean then 'notAdmitted'
          when t.consumed_at is not null then 'used'
          when s.id is null or s.owner_uid <> t.owner_uid or s.state <> 'ready' or s.expires_at <= now() then 'sessionGone'
          else 'used'
        end as outcome,
        consumed.*
      from (select) one
        left join token_jti t on t.jti = $1
        left join sessions s on s.id = t.session_id
        left join consumed on true`,
    values: [use.jti, use.ownerUid, use.tokenSessionId, use.sessionId, use.admit],
  });
  const row = rows[0]!;
  if (row.outcome !== "consumed") return { outcome: row.outcome };
  return { outcome: "consumed", podIp: row.pod_ip, podSecret: row.pod_secret, terminal: row.terminal };
}

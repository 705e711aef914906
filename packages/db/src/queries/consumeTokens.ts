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
 * Decides attaches in one statement, each by itself and by the database's clock: owner, session, state, expiry and single use. A
 * token that is refused is not spent. Of two uses at once, in one statement or in two, the first takes the row; the second waits
 * for its lock, finds the row changed, and consumes nothing; its own snapshot still shows the token unused, which is why "nothing
 * consumed" ends in `used`. Rows are locked in one order, so that statements with the same tokens cannot wait for each other.
 */
export async function consumeTokens(pool: Pool, uses: readonly TokenUse[]): Promise<TokenVerdict[]> {
  const { rows } = await pool.query<VerdictRow>({
    name: "consume-tokens",
    text: `
      with uses as (
        select *
        from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::boolean[])
          with ordinality as u (jti, owner_uid, token_session_id, session_id, admit, place)
      ),
      admitted as (
        select t.jti, u.place, s.pod_ip, s.pod_secret, s.terminal
        from uses u
          join token_jti t on t.jti = u.jti
          join sessions s on s.id = t.session_id
        where t.owner_uid = u.owner_uid and t.session_id = u.token_session_id and t.session_id = u.session_id and u.admit
          and t.consumed_at is null and t.expires_at > now()
          and s.owner_uid = t.owner_uid and s.state = 'ready' and s.expires_at > now()
        order by t.jti, u.place
        for update of t
      ),
      consumed as (
        update token_jti t
        set consumed_at = now()
        from (select distinct on (jti) * from admitted order by jti, place) a
        where t.jti = a.jti
        returning a.place, a.pod_ip, a.pod_secret, a.terminal
      )
      select
        case
          when c.place is not null then 'consumed'
          when t.jti is null then 'unknown'
          when t.expires_at <= now() then 'expired'
          when t.owner_uid <> u.owner_uid or t.session_id <> u.token_session_id or t.session_id <> u.session_id then 'otherSession'
          when not u.admit then 'notAdmitted'
          when t.consumed_at is not null then 'used'
          when s.id is null or s.owner_uid <> t.owner_uid or s.state <> 'ready' or s.expires_at <= now() then 'sessionGone'
          else 'used'
        end as outcome,
        c.pod_ip, c.pod_secret, c.terminal
      from uses u
        left join token_jti t on t.jti = u.jti
        left join sessions s on s.id = t.session_id
        left join consumed c on c.place = u.place
      order by u.place`,
    values: [
      uses.map(({ jti }) => jti),
      uses.map(({ ownerUid }) => ownerUid),
      uses.map(({ tokenSessionId }) => tokenSessionId),
      uses.map(({ sessionId }) => sessionId),
      uses.map(({ admit }) => admit),
    ],
  });
  return rows.map(({ outcome, pod_ip: podIp, pod_secret: podSecret, terminal }) =>
    outcome === "consumed" ? { outcome, podIp, podSecret, terminal } : { outcome },
  );
}

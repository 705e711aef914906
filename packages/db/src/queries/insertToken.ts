import type { Pool } from "pg";

export interface NewToken {
  jti: string;
  sessionId: string;
  ownerUid: string;
  /** The key that signs it, so that all tokens of a stolen key can be deleted. */
  kid: string;
  /** From now, by the database's clock. */
  lifetimeSeconds: number;
}

/** Puts a token on the list of those that may enter; it must be there before its client has it. */
export async function insertToken(pool: Pool, token: NewToken): Promise<void> {
  await pool.query(
    `insert into token_jti (jti, session_id, owner_uid, kid, expires_at)
     values ($1, $2, $3, $4, now() + make_interval(secs => $5))`,
    [token.jti, token.sessionId, token.ownerUid, token.kid, token.lifetimeSeconds],
  );
}

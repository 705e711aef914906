import type { Pool } from "pg";

/** Ends a user's sessions, and keeps others from being created, those that are being created included. Resolves to their ids. */
export async function revokeUser(pool: Pool, ownerUid: string): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `with audit as (
       insert into audit_events (action, actor, owner_uid) values ('revoke', session_user, $1)
     )
     select id from revoke_user($1) id`,
    [ownerUid],
  );
  return rows.map(({ id }) => id);
}

/** Lets a user create sessions again; false where nothing kept them from it. */
export async function restoreUser(pool: Pool, ownerUid: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `with restored as (delete from revoked_users where owner_uid = $1 returning owner_uid)
     insert into audit_events (action, actor, owner_uid) select 'restore', session_user, owner_uid from restored`,
    [ownerUid],
  );
  return rowCount === 1;
}

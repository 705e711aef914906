import type { Knex } from "knex";

// One role for each part that speaks to the database, with what its queries need and no more; who logs in is made a member of
// one of them. Roles belong to the whole server, so another database there may have made them already, and may keep them.
const roles = ["cliscale_functions", "cliscale_gateway", "cliscale_migration"];

/** What migrations change, and Knex's own records of them. */
const tables = ["sessions", "token_jti", "knex_migrations", "knex_migrations_lock"];

export async function up(knex: Knex): Promise<void> {
  for (const role of roles) {
    await knex.raw(`
      do $$ begin
        if not exists (select from pg_roles where rolname = '${role}') then create role ${role} nologin; end if;
      end $$`);
  }
  await knex.raw(`
    grant select, insert, update, delete on sessions to cliscale_functions;
    -- Locks of rows ask for the right to update some column. This one of no consequence: nobody reads it but people.
    grant select, insert, delete, update (kid) on token_jti to cliscale_functions;

    -- The gateway faces the internet: it sees of a session where it is and whose, and can spend a token and nothing else.
    grant select (id, owner_uid, state, end_reason, terminal, pod_ip, pod_secret, expires_at) on sessions to cliscale_gateway;
    grant select (jti, session_id, owner_uid, expires_at, consumed_at), update (consumed_at) on token_jti to cliscale_gateway;

    -- Only a member may give a table to a role; who has made the role may at first only make members.
    do $$ begin
      if not pg_has_role(current_user, 'cliscale_migration', 'usage') then grant cliscale_migration to current_user; end if;
    end $$;
    grant usage, create on schema public to cliscale_migration;
  `);
  for (const table of tables) await knex.raw(`alter table ${table} owner to cliscale_migration`);
  await knex.raw(`alter function token_jti_prune owner to cliscale_migration`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`set role none`);
  for (const table of tables) await knex.raw(`alter table ${table} owner to session_user`);
  await knex.raw(`
    alter function token_jti_prune owner to session_user;
    revoke all on schema public from cliscale_migration;
    revoke all on sessions, token_jti from cliscale_functions, cliscale_gateway;
  `);
  for (const role of roles) {
    await knex.raw(`do $$ begin drop role ${role}; exception when dependent_objects_still_exist then null; end $$`);
  }
}

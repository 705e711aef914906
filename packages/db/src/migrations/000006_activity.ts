import type { Knex } from "knex";

// When something last happened in a session, and which gateways tell. Activity is written often and is in no index, so that a row's
// new version needs no entries where it fits into the page of the old one (`fillfactor` leaves some room). `idle_check_at` is when to look next whether a session is idle: a look moves it,
// activity does not, so that the index costs a session one change per idle period.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table sessions
      add column last_attach_at timestamptz,
      add column last_input_at  timestamptz,
      add column last_output_at timestamptz,
      add column idle_check_at  timestamptz not null default now(),
      set (fillfactor = 80);
    create index sessions_by_idle_check on sessions (idle_check_at) where state = 'ready' and idle_seconds > 0;

    create table gateways (
      id            uuid primary key,
      reported_at   timestamptz not null,
      -- All activity up to here has been reported.
      covered_until timestamptz not null,
      -- Since when it has been seen not to report, and when it was last seen so.
      silent_since  timestamptz,
      silent_at     timestamptz
    );
    alter table gateways owner to cliscale_migration;

    grant select (last_attach_at, last_input_at, last_output_at, last_active_at),
          update (last_attach_at, last_input_at, last_output_at, last_active_at) on sessions to cliscale_gateway;
    grant select, insert, update (reported_at, covered_until, silent_since), delete on gateways to cliscale_gateway;
    grant select, update (silent_since, silent_at), delete on gateways to cliscale_functions;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    revoke select (last_active_at), update (last_active_at) on sessions from cliscale_gateway;
    drop table gateways;
    drop index sessions_by_idle_check;
    alter table sessions
      drop column last_attach_at,
      drop column last_input_at,
      drop column last_output_at,
      drop column idle_check_at,
      reset (fillfactor);
  `);
}

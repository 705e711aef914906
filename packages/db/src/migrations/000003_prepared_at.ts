import type { Knex } from "knex";

// When a session's Job and Secret were seen to stand. Whether a Secret exists must be known from the row, since the functions
// may not read Secrets; a queued session without this cannot be started by anyone but the call that has its `env`.
// The indexes are what a sweep goes by: each holds only rows that it may have to do something about.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table sessions add column prepared_at timestamptz;
    create index sessions_unprepared on sessions (created_at) where state = 'queued' and prepared_at is null;
    create index sessions_by_expiry on sessions (expires_at) where state in ('starting', 'ready');
    create index sessions_live_by_id on sessions (id) where state <> 'ended';
    create index sessions_by_end on sessions (ended_at) where state = 'ended';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop index sessions_by_end;
    drop index sessions_live_by_id;
    drop index sessions_by_expiry;
    drop index sessions_unprepared;
    alter table sessions drop column prepared_at;
  `);
}

import type { Knex } from "knex";

// UNLOGGED: the table is a list of who may enter, so one emptied by a crash admits nobody, and its writes stay cheap.
// Expired rows are removed by the inserts that follow them, a few at a time; `skip locked` lets inserts pass each other.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create unlogged table token_jti (
      jti         uuid primary key,
      session_id  uuid not null,
      owner_uid   text not null,
      kid         text not null,
      expires_at  timestamptz not null,
      consumed_at timestamptz
    );
    create index token_jti_by_expiry on token_jti (expires_at);

    create function token_jti_prune() returns trigger language plpgsql as $$
    begin
      delete from token_jti
      where jti in (
        select jti from token_jti
        where expires_at < now() - interval '10 minutes'
        order by expires_at
        limit 5
        for update skip locked
      );
      return null;
    end
    $$;
    create trigger token_jti_prune after insert on token_jti for each statement execute function token_jti_prune();
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table token_jti;
    drop function token_jti_prune;
  `);
}

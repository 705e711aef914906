import type { Knex } from "knex";

// Whatever a program believes, a session goes from queued to starting to ready to ended, forwards only, and how it ended stands.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create function sessions_transition() returns trigger language plpgsql as $$
    begin
      if old.state = 'ended' and (new.state, new.end_reason, new.exit_code, new.ended_at)
        is distinct from (old.state, old.end_reason, old.exit_code, old.ended_at)
      then
        raise exception 'session % has ended, and stays as it ended', old.id using errcode = 'check_violation';
      end if;
      if new.state <> old.state and (old.state, new.state) not in (
        ('queued', 'starting'), ('queued', 'ended'), ('starting', 'ready'), ('starting', 'ended'), ('ready', 'ended')
      ) then
        raise exception 'session % cannot go from % to %', old.id, old.state, new.state using errcode = 'check_violation';
      end if;
      return new;
    end
    $$;
    alter function sessions_transition owner to cliscale_migration;
    create trigger sessions_transition before update of state, end_reason, exit_code, ended_at on sessions
      for each row execute function sessions_transition();
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop trigger sessions_transition on sessions;
    drop function sessions_transition;
  `);
}

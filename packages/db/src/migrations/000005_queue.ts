import type { Knex } from "knex";

// Limits that hold however many calls there are at once: who counts holds a lock, and counts what stands when it has the lock.
// Each is one function because of that: in PL/pgSQL every statement sees what has been committed before it, while within one plain
// statement the count would be as old as the statement, lock or not. And it is one statement for its caller, which thus
// cannot die, or be frozen, with the lock in its hands. Numbers of locks: any, each for one purpose.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index sessions_live_by_owner on sessions (owner_uid) where state <> 'ended';
    -- Users who may start nothing any more, whatever their sign-in says.
    create table revoked_users (
      owner_uid  text primary key,
      revoked_at timestamptz not null default now(),
      revoked_by text not null default session_user
    );
    alter table revoked_users owner to cliscale_migration;
    grant select, insert, delete on revoked_users to cliscale_functions;

    -- What counts when a session is to be created. Until the caller's transaction ends nobody else is told.
    create function session_usage(
      owner text, creates_per_minute integer,
      out counted_at timestamptz, out is_revoked boolean, out of_owner integer, out in_total integer, out retry_seconds integer
    ) language plpgsql as $$
    begin
      perform pg_advisory_xact_lock(7261682);
      counted_at := clock_timestamp();
      is_revoked := exists (select from revoked_users r where r.owner_uid = owner);
      of_owner := (select count(*) from sessions s where s.owner_uid = owner and s.state <> 'ended');
      in_total := (select count(*) from sessions s where s.state <> 'ended');
      -- Null, unless so many were created in the last minute: then when the first of these is a minute old.
      retry_seconds := (
        select greatest(1, ceil(extract(epoch from s.created_at + interval '1 minute' - counted_at)))
        from sessions s
        where s.owner_uid = owner and s.created_at > counted_at - interval '1 minute'
        order by s.created_at desc
        offset creates_per_minute - 1 limit 1
      );
    end
    $$;

    -- Lets sessions out of the queue, in the order of their creation, as far as there is room. One whose Job is not yet prepared keeps
    -- its place until its launcher must be dead. Where there is no room, which callers that wait ask each second, nothing is locked.
    create function start_queued_sessions(sessions_total integer, launch_seconds integer) returns setof uuid language plpgsql as $$
    declare
      moment timestamptz;
    begin
      if (select count(*) from sessions s where s.state in ('starting', 'ready')) >= sessions_total
        or not exists (select from sessions s where s.state = 'queued' and s.prepared_at is not null)
      then
        return;
      end if;
      perform pg_advisory_xact_lock(7261683);
      moment := clock_timestamp();
      return query
        update sessions
        set state = 'starting', started_at = moment, expires_at = moment + make_interval(secs => lifetime_seconds)
        where id in (
          select next.id
          from (
            select s.id, s.prepared_at
            from sessions s
            where s.state = 'queued'
              and (s.prepared_at is not null or s.created_at > moment - make_interval(secs => launch_seconds))
            order by s.created_at, s.id
            limit greatest(0, sessions_total - (select count(*) from sessions s where s.state in ('starting', 'ready')))
          ) next
          where next.prepared_at is not null
        ) and state = 'queued'
        returning id;
    end
    $$;

    -- A user's sessions end, and no other can begin: what is being created either is there to be ended, or is not admitted.
    create function revoke_user(owner text) returns setof uuid language plpgsql as $$
    begin
      perform pg_advisory_xact_lock(7261682);
      perform pg_advisory_xact_lock(7261683);
      insert into revoked_users (owner_uid) values (owner) on conflict do nothing;
      return query
        update sessions s
        set state = 'ended', end_reason = 'stopped', ended_at = clock_timestamp(), message = 'The operator has ended your sessions.'
        where s.id in (select o.id from sessions o where o.owner_uid = owner and o.state <> 'ended' order by o.id for update)
        returning s.id;
    end
    $$;
  `);
  for (const each of functions) {
    await knex.raw(`
      alter function ${each} owner to cliscale_migration;
      revoke execute on function ${each} from public;
      grant execute on function ${each} to cliscale_functions;
    `);
  }
}

const functions = ["session_usage", "start_queued_sessions", "revoke_user"];

export async function down(knex: Knex): Promise<void> {
  for (const each of functions.toReversed()) await knex.raw(`drop function ${each}`);
  await knex.raw(`
    drop table revoked_users;
    drop index sessions_live_by_owner;
  `);
}

import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table sessions (
      id               uuid primary key,
      owner_uid        text not null,
      request_id       uuid not null,
      request_digest   text not null,
      state            text not null default 'queued' check (state in ('queued', 'starting', 'ready', 'ended')),
      end_reason       text check (end_reason in ('exited', 'stopped', 'idle', 'deadline', 'failed', 'lost')),
      exit_code        integer,
      message          text,
      bundle_source    text not null,
      bundle_sha256    text,
      command          text,
      terminal         text not null default 'runner' check (terminal in ('runner', 'ttyd')),
      pod_secret       text not null,
      pod_ip           text,
      lifetime_seconds integer not null,
      idle_seconds     integer not null,
      created_at       timestamptz not null default now(),
      started_at       timestamptz,
      ready_at         timestamptz,
      ended_at         timestamptz,
      last_active_at   timestamptz,
      expires_at       timestamptz not null,
      unique (owner_uid, request_id),
      check ((state = 'ended') = (end_reason is not null)),
      check ((state = 'ended') = (ended_at is not null)),
      check ((exit_code is not null) = (end_reason is not distinct from 'exited')),
      check (end_reason not in ('failed', 'lost') or message is not null),
      check (state <> 'ready' or pod_ip is not null)
    );
    create index sessions_by_owner on sessions (owner_uid, created_at desc, id);
    create index sessions_live on sessions (state, created_at) where state <> 'ended';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`drop table sessions`);
}

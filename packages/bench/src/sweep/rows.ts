import { Client, type Pool } from "pg";

/** Sessions that are ready, however many there are that have ended: what runs at once has a limit of its own. */
const liveCount = 100;

/** The sessions that have a Job. */
export async function liveIds(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>("select id from sessions where state in ('starting', 'ready')");
  return rows.map(({ id }) => id);
}

const columns = `id, owner_uid, request_id, request_digest, bundle_source, command, pod_secret, lifetime_seconds, idle_seconds,
  created_at, prepared_at, started_at, ready_at, last_active_at, expires_at, state, end_reason, exit_code, ended_at, pod_ip, idle_check_at`;

/** So many sessions, of which nearly all ended within the last 80 days, with tokens that are still good; nothing is due. */
export async function fill(url: string, rows: number): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("truncate sessions, token_jti, audit_events");
    // What was before is told to nobody.
    await client.query("set session_replication_role = replica");
    await client.query(
      `insert into sessions (${columns})
       select gen_random_uuid(), 'user-' || i % 5000, gen_random_uuid(), repeat('d', 43), 'npm:@anthropic-ai/claude-code@1.0.' || i % 100,
         'claude --continue', repeat('s', 43), 3600, 1800, t, t, t, t, t, t + interval '1 hour', 'ended', 'exited', 0,
         t + interval '50 minutes', '10.0.0.1', t
       from (select i, now() - interval '80 days' * i / $1::integer - interval '1 hour' as t from generate_series(1, $1::integer) i) times`,
      [rows - liveCount],
    );
    await client.query(
      `insert into token_jti (jti, session_id, owner_uid, kid, expires_at)
       select gen_random_uuid(), gen_random_uuid(), 'ada', 'kid', now() + interval '1 day' from generate_series(1, $1::integer)`,
      [rows / 10],
    );
    await client.query(
      `insert into sessions (${columns})
       select gen_random_uuid(), 'ada', gen_random_uuid(), repeat('d', 43), 'template:shell', null, repeat('s', 43), 28800, 0,
         now(), now(), now(), now(), now(), now() + interval '1 day', 'ready', null, null, null, '10.0.0.1', now() + interval '1 day'
       from generate_series(1, $1::integer)`,
      [liveCount],
    );
    await client.query("vacuum (analyze) sessions");
    await client.query("vacuum (analyze) token_jti");
  } finally {
    await client.end();
  }
}

/** Adds so many of each kind that a sweep has something to do about. */
export async function makeDue(pool: Pool, count: number): Promise<void> {
  const insert = (state: string, changes: Record<string, string>) => {
    const values: Record<string, string> = {
      prepared_at: "t",
      started_at: "t",
      ready_at: "t",
      expires_at: "t + interval '30 days'",
      ...changes,
    };
    const names = Object.keys(values);
    return pool.query(
      `insert into sessions (id, owner_uid, request_id, request_digest, bundle_source, pod_secret, lifetime_seconds, idle_seconds,
         state, pod_ip, created_at, ${names.join(", ")})
       select gen_random_uuid(), 'ada', gen_random_uuid(), repeat('d', 43), 'template:shell', repeat('s', 43), 3600, 600,
         $2, '10.0.0.1', t, ${names.map((name) => values[name]).join(", ")}
       from (select now() - interval '2 hours' as t from generate_series(1, $1::integer)) times`,
      [count, state],
    );
  };
  await insert("ready", { expires_at: "t + interval '1 hour'" });
  await insert("ready", { idle_check_at: "t + interval '1 hour'" });
  await insert("queued", { prepared_at: "null", started_at: "null", ready_at: "null" });
  await insert("ended", { end_reason: "'stopped'", ended_at: "t - interval '100 days'" });
  await pool.query("alter table token_jti disable trigger token_jti_prune");
  await pool.query(
    `insert into token_jti (jti, session_id, owner_uid, kid, expires_at)
     select gen_random_uuid(), gen_random_uuid(), 'ada', 'kid', now() - interval '1 minute' from generate_series(1, $1::integer)`,
    [count],
  );
  await pool.query("alter table token_jti enable trigger token_jti_prune");
}

import type { Pool } from "pg";

/** What has happened in a session, each as the seconds that have passed since; absent where nothing has. */
export interface SessionActivity {
  sessionId: string;
  attached?: number | undefined;
  input?: number | undefined;
  output?: number | undefined;
}

export interface ActivityReport {
  gatewayId: string;
  /** What the report before this one resolved to: everything before it has been reported. Undefined for the first. */
  previousReport: string | undefined;
  /** How long the gateway has been able to hold sockets, in seconds: what the first report covers. */
  uptimeSeconds: number;
  /** One entry a session. */
  sessions: readonly SessionActivity[];
}

/**
 * Writes down what has happened in sessions, and that this gateway lives, in one statement. Ages make it independent of the
 * gateway's clock; a session's times never go back. Rows are locked in the order of their ids, so that gateways do not wait for
 * each other in circles. Resolves to the database's time of the report.
 */
export async function reportActivity(pool: Pool, report: ActivityReport): Promise<string> {
  const { gatewayId, previousReport, uptimeSeconds, sessions } = report;
  const { rows } = await pool.query<{ reported_at: string }>({
    name: "report-activity",
    text: `
      with told as (
        select id,
          now() - make_interval(secs => attached) as attached_at,
          now() - make_interval(secs => input) as input_at,
          now() - make_interval(secs => output) as output_at
        from unnest($4::uuid[], $5::float8[], $6::float8[], $7::float8[]) as told (id, attached, input, output)
      ), locked as (
        select id from sessions where id = any ($4::uuid[]) and state = 'ready' order by id for no key update
      ), noted as (
        update sessions s
        set last_attach_at = greatest(last_attach_at, attached_at),
            last_input_at = greatest(last_input_at, input_at),
            last_output_at = greatest(last_output_at, output_at),
            last_active_at = greatest(last_active_at, attached_at, input_at, output_at)
        from told join locked using (id)
        where s.id = told.id
      )
      insert into gateways (id, reported_at, covered_until)
      values ($1, now(), coalesce($2::timestamptz, now() - make_interval(secs => $3)))
      on conflict (id) do update
        set reported_at = excluded.reported_at, covered_until = excluded.covered_until, silent_since = null
      returning now()::text as reported_at`,
    values: [
      gatewayId,
      previousReport ?? null,
      uptimeSeconds,
      sessions.map(({ sessionId }) => sessionId),
      sessions.map(({ attached }) => attached ?? null),
      sessions.map(({ input }) => input ?? null),
      sessions.map(({ output }) => output ?? null),
    ],
  });
  return rows[0]!.reported_at;
}

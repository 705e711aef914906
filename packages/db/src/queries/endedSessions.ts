import type { EndReason } from "@cliscale/protocol";
import type { Pool } from "pg";

interface EndedRow {
  id: string;
  end_reason: EndReason | null;
}

/**
 * Those of these sessions that are over, with their reasons, in one statement: ended, or past their lifetime by the database's
 * clock even where nobody has ended them yet. One that has no row is over too, without a reason.
 */
export async function endedSessions(pool: Pool, ids: readonly string[]): Promise<Map<string, EndReason | undefined>> {
  const { rows } = await pool.query<EndedRow>({
    name: "ended-sessions",
    text: `
      select open.id, case when s.state = 'ended' then s.end_reason when s.id is not null then 'deadline' end as end_reason
      from unnest($1::uuid[]) as open (id)
        left join sessions s on s.id = open.id
      where s.id is null or s.state = 'ended' or s.expires_at <= now()`,
    values: [ids],
  });
  return new Map(rows.map((row) => [row.id, row.end_reason ?? undefined]));
}

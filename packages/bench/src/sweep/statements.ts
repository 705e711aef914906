import type { Pool, PoolClient, QueryResult } from "pg";

export interface Recorded {
  name: string;
  text: string;
  values: unknown[];
  milliseconds: number;
}

/** The statements of a sweep, each by a piece of its text that no other has. */
const names: Record<string, string> = {
  "delete expired tokens": "delete from token_jti",
  "end past lifetime": "set state = 'ended', end_reason = 'deadline'",
  "remove abandoned starts": "where state = 'queued' and prepared_at is null",
  "start what waits": "start_queued_sessions",
  "states of all Jobs": "select id, state from sessions",
  "read live sessions": "as starts_slowly",
  "note silent gateways": "update gateways",
  "end idle": "idle_check_at <= (",
  "delete long ended": "where state = 'ended' and ended_at <",
};

/** A pool of one connection that writes down what it is asked. */
export function recordingPool(client: PoolClient, recorded: Recorded[]): Pool {
  const query = async (text: string, values: unknown[] = []): Promise<QueryResult> => {
    const begun = performance.now();
    const result = await client.query(text, values);
    const milliseconds = performance.now() - begun;
    const name = Object.entries(names).find(([, piece]) => text.includes(piece))?.[0];
    if (!name) throw new Error(`a statement of the sweep has no name here: ${text}`);
    recorded.push({ name, text, values, milliseconds });
    return result;
  };
  return { query } as unknown as Pool;
}

interface PlanNode {
  "Node Type": string;
  "Relation Name"?: string;
  "Index Name"?: string;
  "Actual Rows": number;
  "Actual Loops": number;
  "Shared Hit Blocks": number;
  "Shared Read Blocks": number;
  Plans?: PlanNode[];
}

/** How PostgreSQL does a statement, as it did it once and took back: the scans, with what they found, and pages looked at. */
export async function explain(pool: Pool, { text, values }: Recorded): Promise<{ pages: number; plan: string[] }> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    const { rows } = await client.query<{ "QUERY PLAN": { Plan: PlanNode }[] }>(
      `explain (analyze, buffers, format json) ${text}`,
      values,
    );
    const { Plan: root } = rows[0]!["QUERY PLAN"][0]!;
    return { pages: root["Shared Hit Blocks"] + root["Shared Read Blocks"], plan: scansOf(root) };
  } finally {
    await client.query("rollback");
    client.release();
  }
}

function scansOf(node: PlanNode): string[] {
  const { "Node Type": type, "Relation Name": relation, "Index Name": index } = node;
  const found = Math.round(node["Actual Rows"] * node["Actual Loops"]);
  const isScan = type.endsWith("Scan") && (relation !== undefined || index !== undefined);
  const own = isScan ? [`${type} ${index ?? relation}: ${found}`] : [];
  return [...own, ...(node.Plans ?? []).flatMap(scansOf)];
}

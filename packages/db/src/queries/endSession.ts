import type { EndReason } from "@cliscale/protocol";
import type { Pool } from "pg";
import type { SessionRow } from "../sessionRow.ts";

export interface Ending {
  reason: EndReason;
  /** Exactly with `exited`. */
  exitCode?: number;
  /** Always with `failed` and `lost`. */
  message?: string;
  /** What was run, where only the runner could know it. */
  command?: string;
}

/** Ends a session that has not ended; undefined when it had. The first ending stands. */
export async function endSession(pool: Pool, id: string, ending: Ending): Promise<SessionRow | undefined> {
  const { rows } = await pool.query<SessionRow>(
    `update sessions
     set state = 'ended', ended_at = now(), end_reason = $2, exit_code = $3, message = $4, command = coalesce(command, $5)
     where id = $1 and state <> 'ended'
     returning *`,
    [id, ending.reason, ending.exitCode ?? null, ending.message ?? null, ending.command ?? null],
  );
  return rows[0];
}

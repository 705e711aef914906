import type { Pool } from "pg";

/** Connections of a gateway's pool: it asks one statement for each attach, and two every few seconds for all sessions. */
export const gatewayConnections = 4;

/** How many connections the server has for those that are no superusers. */
export async function availableConnections(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ available: number }>(
    `select current_setting('max_connections')::integer
       - current_setting('superuser_reserved_connections')::integer
       - coalesce(current_setting('reserved_connections', true)::integer, 0) as available`,
  );
  return rows[0]!.available;
}

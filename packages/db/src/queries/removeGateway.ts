import type { Pool } from "pg";

/** Forgets a gateway that holds no sockets any more, and has reported what happened in them: nobody waits for it from now on. */
export async function removeGateway(pool: Pool, id: string): Promise<void> {
  await pool.query(`delete from gateways where id = $1`, [id]);
}

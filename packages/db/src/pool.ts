import { Pool } from "pg";

export interface PoolOptions {
  connectionString: string;
  /** Shown in pg_stat_activity. */
  applicationName: string;
  /** Connections of this process at most. */
  max: number;
  /** Told of connections that break while idle; the pool replaces them. */
  onError: (error: Error) => void;
}

const connectMilliseconds = 2_000;
const statementMilliseconds = 5_000;
const idleMilliseconds = 30_000;

/** A pool in which every wait has an end, so that an outage of the database is an error and not a hang. */
export function createPool({ connectionString, applicationName, max, onError }: PoolOptions): Pool {
  const pool = new Pool({
    connectionString,
    application_name: applicationName,
    max,
    connectionTimeoutMillis: connectMilliseconds,
    query_timeout: statementMilliseconds,
    statement_timeout: statementMilliseconds,
    idleTimeoutMillis: idleMilliseconds,
    keepAlive: true,
  });
  // Without a listener a connection that breaks while idle would end the process.
  pool.on("error", onError);
  return pool;
}

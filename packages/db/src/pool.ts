import { Pool, type PoolClient, type PoolConfig } from "pg";
import { type CloudSqlDialer, type CloudSqlInstance, createCloudSqlDialer } from "./cloudSql.ts";

export interface PoolOptions {
  /** Of an instance of Cloud SQL its host, port and password are of no account. */
  connectionString: string;
  cloudSql?: CloudSqlInstance | undefined;
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
/** Of the first connection to Cloud SQL: a key is generated, and the Admin API asked twice. */
const dialMilliseconds = 10_000;

/** A pool in which every wait has an end, so that an outage of the database is an error and not a hang. */
export function createPool({ connectionString, cloudSql, applicationName, max, onError }: PoolOptions): Pool {
  const config: PoolConfig = {
    connectionString,
    application_name: applicationName,
    max,
    connectionTimeoutMillis: connectMilliseconds,
    query_timeout: statementMilliseconds,
    statement_timeout: statementMilliseconds,
    idleTimeoutMillis: idleMilliseconds,
    keepAlive: true,
  };
  const pool = cloudSql ? new CloudSqlPool(config, createCloudSqlDialer(cloudSql)) : new Pool(config);
  // Without a listener a connection that breaks while idle would end the process.
  pool.on("error", onError);
  return pool;
}

type ConnectCallback = Parameters<Pool["connect"]>[0];

/** A pool that finds out how its instance is reached when it first connects, so that an outage is an error of queries and not of the start. */
class CloudSqlPool extends Pool {
  private readonly dialer: CloudSqlDialer;

  constructor(config: PoolConfig, dialer: CloudSqlDialer) {
    super(config);
    this.dialer = dialer;
  }

  override connect(): Promise<PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<PoolClient> | void {
    if (!callback) return this.dial().then(() => super.connect());
    void this.connectFor(callback);
  }

  /** For pg's own `query`, which asks with a callback. */
  private async connectFor(callback: ConnectCallback): Promise<void> {
    try {
      await this.dial();
    } catch (error) {
      callback(error as Error, undefined, () => undefined);
      return;
    }
    super.connect(callback);
  }

  private async dial(): Promise<void> {
    const options = await within(dialMilliseconds, this.dialer.options());
    Object.assign(this.options, options);
  }

  override async end(): Promise<void> {
    await super.end();
    await this.dialer.close();
  }
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("Cloud SQL does not say where the database is")), milliseconds);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

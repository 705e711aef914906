import { callbackify } from "node:util";
import knex, { type Knex } from "knex";
import { Client, type ClientConfig } from "pg";
import { type CloudSqlInstance, createCloudSqlDialer } from "./cloudSql.ts";
import * as sessions from "./migrations/000001_sessions.ts";
import * as tokenJti from "./migrations/000002_token_jti.ts";
import * as preparedAt from "./migrations/000003_prepared_at.ts";
import * as roles from "./migrations/000004_roles.ts";
import * as audit from "./migrations/000005_audit.ts";
import * as queue from "./migrations/000005_queue.ts";
import * as transitions from "./migrations/000005_transitions.ts";
import * as activity from "./migrations/000006_activity.ts";

// Named here instead of being read from a folder, so that a bundle contains them. Each runs while the build before it serves:
// docs/deploying.md says what that forbids.
const migrations: Record<string, Knex.Migration> = {
  "000001_sessions": sessions,
  "000002_token_jti": tokenJti,
  "000003_prepared_at": preparedAt,
  "000004_roles": roles,
  "000005_audit": audit,
  "000005_queue": queue,
  "000005_transitions": transitions,
  "000006_activity": activity,
};

const migrationSource: Knex.MigrationSource<string> = {
  getMigrations: () => Promise.resolve(Object.keys(migrations)),
  getMigrationName: (name) => name,
  getMigration: (name) => Promise.resolve(migrations[name]!),
};

/** The owner of what migrations make, once a migration has made it. */
const ownerRole = "cliscale_migration";
/** Any number, the same for every migrator. */
const lockKey = 7_261_681;
const lockWaitMilliseconds = 60_000;
/** A change of a table waits no longer than this for those that use it, because everybody else waits behind it. */
const tableWaitMilliseconds = 5_000;

/** `latest`: all that have not been run; `up`: the next one; `down`: the last one is undone. */
export type MigrationStep = "latest" | "up" | "down";

/**
 * Brings the database to the newest schema, or one step up or down; returns the names of the migrations that were run. Each is
 * one transaction. Of several migrators at once the others wait, and then find nothing to do; one that was killed holds nobody up.
 */
export async function migrate(
  connectionString: string,
  step: MigrationStep = "latest",
  cloudSql?: CloudSqlInstance,
): Promise<string[]> {
  const dialer = cloudSql && createCloudSqlDialer(cloudSql);
  try {
    return await migrateOver({ connectionString, ...(await dialer?.options()) }, step);
  } finally {
    await dialer?.close();
  }
}

async function migrateOver(connection: ClientConfig, step: MigrationStep): Promise<string[]> {
  const database = openDatabase(connection);
  try {
    return await alone(connection, async () => {
      // A lock that is still there is that of a migrator that was killed: only one is here at a time.
      await database.migrate.forceFreeMigrationsLock({ migrationSource });
      const [, names]: [number, string[]] = await database.migrate[step]({ migrationSource });
      return names;
    });
  } finally {
    await database.destroy();
  }
}

function openDatabase(connection: ClientConfig): Knex {
  return knex({
    client: "pg",
    // Knex's type leaves out what makes the stream, and passes it on.
    connection: connection as Knex.PgConnectionConfig,
    // What it would print is in the errors that it throws.
    log: { warn: silent, error: silent, debug: silent, deprecate: silent },
    pool: {
      min: 0,
      max: 1,
      afterCreate: callbackify(prepareConnection),
    },
  });
}

async function prepareConnection(connection: Client): Promise<Client> {
  await connection.query(`set lock_timeout = ${tableWaitMilliseconds}`);
  // As the owner, whoever has logged in, so that the next one may change what this one makes. Roles are the server's: in this
  // database it is the owner once a migration has let it make something here.
  await connection.query(
    `select set_config('role', rolname, false) from pg_roles
     where rolname = $1 and pg_has_role(session_user, oid, 'usage') and has_schema_privilege(oid, 'public', 'create')`,
    [ownerRole],
  );
  return connection;
}

const silent = () => undefined;

/** Runs a task while no other migrator of this database runs one. */
async function alone<T>(connection: ClientConfig, task: () => Promise<T>): Promise<T> {
  const client = new Client({ ...connection, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await client.query(`set lock_timeout = ${lockWaitMilliseconds}`);
    await client.query(`select pg_advisory_lock($1)`, [lockKey]);
    return await task();
  } finally {
    await client.end();
  }
}

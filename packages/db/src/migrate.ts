import knex, { type Knex } from "knex";
import * as sessions from "./migrations/000001_sessions.ts";
import * as tokenJti from "./migrations/000002_token_jti.ts";
import * as preparedAt from "./migrations/000003_prepared_at.ts";

// Named here instead of being read from a folder, so that a bundle contains them.
const migrations: Record<string, Knex.Migration> = {
  "000001_sessions": sessions,
  "000002_token_jti": tokenJti,
  "000003_prepared_at": preparedAt,
};

const migrationSource: Knex.MigrationSource<string> = {
  getMigrations: () => Promise.resolve(Object.keys(migrations)),
  getMigrationName: (name) => name,
  getMigration: (name) => Promise.resolve(migrations[name]!),
};

/** Brings the database to the newest schema; returns the names of the migrations that were run. */
export async function migrate(connectionString: string): Promise<string[]> {
  const database = knex({ client: "pg", connection: connectionString, pool: { min: 0, max: 1 } });
  try {
    const [, names]: [number, string[]] = await database.migrate.latest({ migrationSource });
    return names;
  } finally {
    await database.destroy();
  }
}

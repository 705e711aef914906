import { Client } from "pg";

/** Parts of the product that speak to the database, each as a user of its own with the rights of the role for it. */
export type DatabasePart = "functions" | "gateway";

const parts: DatabasePart[] = ["functions", "gateway"];

/** The URL by which a part speaks to the database of this administrator. */
export function databaseUrlFor(part: DatabasePart, administrator: string): string {
  const url = new URL(administrator);
  url.username = url.password = `cliscale-${part}`;
  return url.href;
}

/**
 * Makes the users of a local database, as people do in a deployment. Their roles are there before the migration that gives
 * them their rights, because it is the chart that migrates and starts the gateway. Resolves to what tells this server's data from
 * all others: a new one has to be migrated.
 */
export async function ensureDatabaseUsers(administrator: string): Promise<string> {
  const database = new Client({ connectionString: administrator });
  await database.connect();
  try {
    for (const part of parts) {
      const role = `cliscale_${part}`;
      const user = `cliscale-${part}`;
      await database.query(`
        do $$ begin
          if not exists (select from pg_roles where rolname = '${role}') then create role ${role} nologin; end if;
          if not exists (select from pg_roles where rolname = '${user}') then
            create role "${user}" login password '${user}' in role ${role};
          end if;
        end $$`);
    }
    const { rows } = await database.query<{ id: string }>(
      "select system_identifier::text as id from pg_control_system()",
    );
    return rows[0]!.id;
  } finally {
    await database.end();
  }
}

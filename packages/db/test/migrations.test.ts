import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type TestDatabase, startTestDatabase } from "@cliscale/local/testing";
import knex, { type Knex } from "knex";
import * as preparedAt from "../src/migrations/000003_prepared_at.ts";

let database: TestDatabase;
let connection: Knex;

before(async () => {
  database = await startTestDatabase();
  connection = knex({ client: "pg", connection: database.url, pool: { min: 0, max: 1 } });
});

after(async () => {
  await connection.destroy();
  await database.remove();
});

/** What the database knows of `sessions`: its columns and its indexes. */
async function shape(): Promise<string[]> {
  const { rows } = await connection.raw<{ rows: { text: string }[] }>(`
    select column_name || ' ' || data_type as text from information_schema.columns where table_name = 'sessions'
    union all
    select indexdef from pg_indexes where tablename = 'sessions'
    order by text`);
  return rows.map(({ text }) => text);
}

test("the third migration can be taken back, and made again", async () => {
  const migrated = await shape();
  assert.ok(migrated.includes("prepared_at timestamp with time zone"));
  await preparedAt.down(connection);
  const takenBack = await shape();
  assert.equal(migrated.length - takenBack.length, 5);
  assert.ok(takenBack.every((line) => migrated.includes(line)));
  await preparedAt.up(connection);
  assert.deepEqual(await shape(), migrated);
});

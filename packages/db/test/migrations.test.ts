import assert from "node:assert/strict";
import { randomInt, randomUUID } from "node:crypto";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Client } from "pg";
import { migrate } from "../src/migrate.ts";
import { describeSchema, readTables } from "./support/schema.ts";
import { startTestServer, type TestServer, withClient } from "./support/server.ts";

let server: TestServer;
let databases = 0;

before(async () => {
  server = await startTestServer();
});
after(() => server.remove());

const freshDatabase = (owner?: string) => server.createDatabase(`d${(databases += 1)}`, owner);
const schemaOf = (url: string) => withClient(url, describeSchema);

/** Undoes every migration, so that the server's roles no longer depend on the database. */
async function migrateDown(url: string): Promise<void> {
  while ((await migrate(url, "down")).length > 0);
}

async function untilSomebodyWaits(client: Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query("select from pg_locks where not granted");
    if (rows.length > 0) return;
    await delay(20);
  }
}

/** Values that every build could write, of each table; a table that is new needs some here. */
const samples: Record<string, () => Record<string, unknown>> = {
  audit_events: () => ({
    id: randomInt(1_000_000_000, 2_000_000_000),
    at: new Date(),
    action: "create",
    actor: "ada",
    owner_uid: "ada",
  }),
  revoked_users: () => ({ owner_uid: "eve", revoked_at: new Date(), revoked_by: "cliscale" }),
  sessions: () => ({
    id: randomUUID(),
    owner_uid: "ada",
    request_id: randomUUID(),
    request_digest: "digest",
    state: "ended",
    end_reason: "exited",
    exit_code: 0,
    bundle_source: "template:shell",
    terminal: "runner",
    pod_secret: "secret",
    lifetime_seconds: 60,
    idle_seconds: 0,
    created_at: new Date(),
    ended_at: new Date(),
    expires_at: new Date(),
    idle_check_at: new Date(),
  }),
  gateways: () => ({ id: randomUUID(), reported_at: new Date(), covered_until: new Date() }),
  token_jti: () => ({
    jti: randomUUID(),
    session_id: randomUUID(),
    owner_uid: "ada",
    kid: "kid",
    expires_at: new Date(Date.now() + 60_000),
  }),
};

/** What a program of a build does that knows these tables and columns: writes all of them, reads them, changes them, deletes. */
async function useAsBefore(client: Client, tables: Awaited<ReturnType<typeof readTables>>): Promise<void> {
  for (const [table, columns] of tables) {
    const sample = samples[table]?.();
    assert.ok(sample, `samples has none for the new table ${table}`);
    const names = columns.map(({ name }) => name);
    const list = names.join(", ");
    const places = names.map((_name, index) => `$${index + 1}`).join(", ");
    const values = names.map((name) => sample[name] ?? null);
    await client.query(`insert into ${table} (${list}) values (${places})`, values);
    const { rows } = await client.query(`select ${list} from ${table}`);
    assert.ok(rows.length > 0);
    await client.query(`update ${table} set ${names.map((name) => `${name} = ${name}`).join(", ")}`);
    await client.query(`delete from ${table}`);
  }
}

suite("Migrations", () => {
  test("each has a `down` that undoes it, and an `up` that can follow", async () => {
    const url = await freshDatabase();
    await migrate(url, "down");
    const states = [await schemaOf(url)];
    for (;;) {
      const [name] = await migrate(url, "up");
      if (!name) break;
      const state = await schemaOf(url);
      assert.notDeepEqual(state, states.at(-1), `${name} changes nothing`);
      states.push(state);
      assert.deepEqual(await migrate(url, "down"), [name]);
      assert.deepEqual(await schemaOf(url), states.at(-2), `what ${name} does is not undone`);
      assert.deepEqual(await migrate(url, "up"), [name]);
      assert.deepEqual(await schemaOf(url), state);
    }
    assert.ok(states.length > 3);
    await migrateDown(url);
    assert.deepEqual(await schemaOf(url), states[0]);
  });

  test("each only expands: what a build reads and writes, it still can after the one that follows", async () => {
    const url = await freshDatabase();
    for (;;) {
      const tables = await withClient(url, readTables);
      const [name] = await migrate(url, "up");
      if (!name) break;
      const now = await withClient(url, readTables);
      for (const [table, columns] of tables) {
        for (const { name: column, type } of columns) {
          const found = now.get(table)?.find((each) => each.name === column);
          assert.equal(found?.type, type, `${name} takes ${table}.${column} from the build that still runs`);
        }
      }
      await withClient(url, (client) => useAsBefore(client, tables));
    }
    await migrateDown(url);
  });

  test("run once, however many migrators there are at once", async () => {
    const url = await freshDatabase();
    const runs = await Promise.all([1, 2, 3].map(() => migrate(url)));
    assert.equal(runs.filter((names) => names.length > 0).length, 1);
    await migrateDown(url);
  });

  test("a migrator that was killed holds nobody up", async () => {
    const url = await freshDatabase();
    await migrate(url, "up");
    await withClient(url, (client) => client.query("update knex_migrations_lock set is_locked = 1"));
    assert.ok((await migrate(url)).length > 0);
    await migrateDown(url);
  });

  test("one that must wait for a table gives up before those who use the table wait for long, and leaves nothing", async () => {
    const url = await freshDatabase();
    await migrate(url);
    const schema = await schemaOf(url);
    await withClient(url, async (holder) => {
      await holder.query("begin");
      await holder.query("select from sessions");
      const migrating = migrate(url, "down").then(
        () => undefined,
        (error: unknown) => error,
      );
      await withClient(url, async (user) => {
        await untilSomebodyWaits(user);
        // It waits behind the migration, whose turn does not come.
        await user.query("select from sessions");
      });
      const error = await migrating;
      assert.equal((error as { code?: string } | undefined)?.code, "55P03");
      await holder.query("rollback");
    });
    assert.deepEqual(await schemaOf(url), schema);
    await migrateDown(url);
  });

  test("one that fails leaves nothing behind, and can be run again", async () => {
    const url = await freshDatabase();
    await migrate(url, "up");
    await withClient(url, (client) => client.query("create table token_jti (nonsense integer)"));
    const schema = await schemaOf(url);
    await assert.rejects(migrate(url), /token_jti/);
    assert.deepEqual(await schemaOf(url), schema);
    await withClient(url, (client) => client.query("drop table token_jti"));
    assert.ok((await migrate(url)).length > 0);
    await migrateDown(url);
  });

  test("need no superuser; what they make belongs to cliscale_migration, whose members can go on", async () => {
    await server.createUser("first", "createrole");
    await server.createUser("second");
    const url = await freshDatabase("first");
    const database = new URL(url).pathname.slice(1);
    await migrate(url);
    await withClient(url, (client) => client.query("grant cliscale_migration to second"));
    const later = server.urlFor("second", database);
    assert.deepEqual(await migrate(later), []);
    await withClient(later, (client) => client.query("alter table sessions add column later integer"));
    const { rows } = await withClient(url, (client) =>
      client.query(`select tablename, tableowner from pg_tables where schemaname = 'public'`),
    );
    assert.deepEqual(new Set(rows.map(({ tableowner }) => tableowner)), new Set(["cliscale_migration"]));
    // The roles are the server's, and are there already for another database on it.
    assert.ok((await migrate(await freshDatabase("first"))).length > 0);
  });
});

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { startTestDatabase, type TestDatabase } from "@cliscale/local/testing";
import type { Pool } from "pg";
import { createPool, insertToken } from "../src/index.ts";

let database: TestDatabase;
let pool: Pool;

before(async () => {
  database = await startTestDatabase();
  pool = createPool({ connectionString: database.url, applicationName: "test", max: 5, onError: () => undefined });
});
after(async () => {
  await pool.end();
  await database.remove();
});

const insert = () =>
  insertToken(pool, { jti: randomUUID(), sessionId: randomUUID(), ownerUid: "ada", kid: "kid", lifetimeSeconds: 60 });
const expired = async () => (await pool.query(`select from token_jti where kid = 'old'`)).rowCount;

test("each insert of a token removes a few that have long expired, and waits for nobody who does the same", async () => {
  await pool.query(`alter table token_jti disable trigger token_jti_prune`);
  await pool.query(
    `insert into token_jti (jti, session_id, owner_uid, kid, expires_at)
     select gen_random_uuid(), gen_random_uuid(), 'ada', 'old', now() - interval '1 hour' from generate_series(1, 40)`,
  );
  await pool.query(`alter table token_jti enable trigger token_jti_prune`);
  await insert();
  assert.equal(await expired(), 35);

  const client = await pool.connect();
  await client.query("begin");
  await client.query(
    `delete from token_jti where jti in (select jti from token_jti where kid = 'old' order by expires_at limit 10)`,
  );
  await Promise.all([insert(), insert(), insert()]);
  await client.query("commit");
  client.release();
  assert.equal(await expired(), 10, "ten by one, and five by each of three");
  for (let index = 0; index < 3; index += 1) await insert();
  assert.equal(await expired(), 0);
  const { rowCount } = await pool.query(`select from token_jti`);
  assert.equal(rowCount, 7);
});

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { type TestDatabase, startTestDatabase } from "@cliscale/local/testing";
import type { Pool } from "pg";
import { consumeToken, createPool, endSession, insertToken } from "../src/index.ts";
import { makeReady } from "./support/session.ts";

let database: TestDatabase;
let pool: Pool;

before(async () => {
  database = await startTestDatabase();
  pool = createPool({ connectionString: database.url, applicationName: "test", max: 10, onError: () => undefined });
});

after(async () => {
  await pool.end();
  await database.remove();
});

async function token(sessionId: string, lifetimeSeconds = 60): Promise<string> {
  const jti = randomUUID();
  await insertToken(pool, { jti, sessionId, ownerUid: "ada", kid: "kid", lifetimeSeconds });
  return jti;
}

const use = (jti: string, sessionId: string, other: object = {}) =>
  consumeToken(pool, { jti, ownerUid: "ada", tokenSessionId: sessionId, sessionId, admit: true, ...other });
const consumed = { outcome: "consumed", podIp: "10.0.0.1", podSecret: "secret", terminal: "runner" };

test("of fifty uses at once one consumes", async () => {
  const session = await makeReady(pool);
  const jti = await token(session);
  const verdicts = await Promise.all(Array.from({ length: 50 }, () => use(jti, session)));
  assert.deepEqual(
    verdicts.filter(({ outcome }) => outcome === "consumed"),
    [consumed],
  );
  assert.equal(verdicts.filter(({ outcome }) => outcome === "used").length, 49);
});

test("a refusal burns nothing, whatever it is for", async () => {
  const session = await makeReady(pool);
  const other = await makeReady(pool);
  const jti = await token(session);
  assert.equal((await use(jti, session, { ownerUid: "eve" })).outcome, "otherSession");
  assert.equal((await use(jti, session, { sessionId: other })).outcome, "otherSession");
  assert.equal((await use(jti, session, { tokenSessionId: other })).outcome, "otherSession");
  assert.equal((await use(jti, session, { admit: false })).outcome, "notAdmitted");
  assert.deepEqual(await use(jti, session), consumed);
});

test("tokens that are unknown, expired or of an ended session do not enter", async () => {
  const session = await makeReady(pool);
  assert.equal((await use(randomUUID(), session)).outcome, "unknown");
  assert.equal((await use(await token(session, -1), session)).outcome, "expired");
  const jti = await token(session);
  await endSession(pool, session, { reason: "stopped" });
  assert.equal((await use(jti, session)).outcome, "sessionGone");
});

test("an emptied table admits nobody, and the trigger removes what expired long ago", async () => {
  const session = await makeReady(pool);
  const old = await token(session, -3600);
  const jti = await token(session);
  const { rows } = await pool.query("select from token_jti where jti = $1", [old]);
  assert.equal(rows.length, 0);
  await pool.query("truncate token_jti");
  assert.equal((await use(jti, session)).outcome, "unknown");
});

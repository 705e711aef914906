import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { type TestDatabase, startTestDatabase } from "@cliscale/local/testing";
import type { Pool } from "pg";
import { consumeTokens, createPool, endSession, insertToken, type TokenUse, type TokenVerdict } from "../src/index.ts";
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

const useOf = (jti: string, sessionId: string, other: Partial<TokenUse> = {}): TokenUse => ({
  jti,
  ownerUid: "ada",
  tokenSessionId: sessionId,
  sessionId,
  admit: true,
  ...other,
});
async function use(...parameters: Parameters<typeof useOf>): Promise<TokenVerdict> {
  const [verdict] = await consumeTokens(pool, [useOf(...parameters)]);
  return verdict!;
}
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

test("of several uses in one statement each is decided by itself, and of two of the same token one consumes", async () => {
  const session = await makeReady(pool);
  const ended = await makeReady(pool);
  const [first, second, third, late, gone] = await Promise.all([
    token(session),
    token(session),
    token(session),
    token(session, -1),
    token(ended),
  ]);
  await endSession(pool, ended, { reason: "stopped" });
  assert.equal((await use(third, session)).outcome, "consumed");
  const verdicts = await consumeTokens(pool, [
    useOf(first, session, { ownerUid: "eve" }),
    useOf(second, session),
    useOf(late, session),
    useOf(first, session),
    useOf(randomUUID(), session),
    useOf(second, session),
    useOf(third, session),
    useOf(gone, ended),
    useOf(first, session),
    useOf(second, ended),
  ]);
  assert.deepEqual(
    verdicts.map(({ outcome }) => outcome),
    [
      "otherSession",
      "consumed",
      "expired",
      "consumed",
      "unknown",
      "used",
      "used",
      "sessionGone",
      "used",
      "otherSession",
    ],
  );
  assert.deepEqual([verdicts[1], verdicts[3]], [consumed, consumed]);
});

test("statements with the same tokens in any order do not lock each other out, and consume each token once", async () => {
  const session = await makeReady(pool);
  const tokens = await Promise.all(Array.from({ length: 40 }, () => token(session)));
  const statements = Array.from({ length: 10 }, (_, index) =>
    consumeTokens(
      pool,
      (index % 2 === 0 ? tokens : tokens.toReversed()).map((jti) => useOf(jti, session)),
    ),
  );
  const outcomes = (await Promise.all(statements)).flat().map(({ outcome }) => outcome);
  assert.equal(outcomes.filter((outcome) => outcome === "consumed").length, tokens.length);
  assert.equal(outcomes.filter((outcome) => outcome === "used").length, 9 * tokens.length);
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

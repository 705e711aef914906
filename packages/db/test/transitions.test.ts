import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, suite, test } from "node:test";
import { noLimits, startTestDatabase, type TestDatabase } from "@cliscale/local/testing";
import type { Pool } from "pg";
import {
  createPool,
  endSession,
  extendSession,
  insertSession,
  insertToken,
  markSessionPrepared,
  consumeTokens,
  discardSession,
  restoreUser,
  revokeUser,
  startQueuedSessions,
  stopSession,
} from "../src/index.ts";
import { makeReady, newSession } from "./support/session.ts";

let database: TestDatabase;
let pool: Pool;

before(async () => {
  database = await startTestDatabase();
  pool = createPool({ connectionString: database.url, applicationName: "test", max: 4, onError: () => undefined });
});
after(async () => {
  await pool.end();
  await database.remove();
});

const stateNames = ["queued", "starting", "ready", "ended"] as const;
type State = (typeof stateNames)[number];

async function sessionIn(state: State, owner = "ada"): Promise<string> {
  const session = newSession({ owner_uid: owner, command: "secret command" });
  const { id } = session;
  if (state === "ready" || state === "ended") await makeReady(pool, session);
  else await insertSession(pool, session, noLimits);
  if (state === "starting") {
    await markSessionPrepared(pool, id);
    await startQueuedSessions(pool, noLimits);
  }
  if (state === "ended") await endSession(pool, id, { reason: "exited", exitCode: 0 });
  return id;
}

const assignments: Record<State, string> = {
  queued: "state = 'queued', end_reason = null, exit_code = null, ended_at = null",
  starting: "state = 'starting', end_reason = null, exit_code = null, ended_at = null",
  ready: "state = 'ready', pod_ip = '10.0.0.2', end_reason = null, exit_code = null, ended_at = null",
  ended: "state = 'ended', end_reason = 'stopped', exit_code = null, ended_at = now()",
};
const possible = new Set(["queued starting", "queued ended", "starting ready", "starting ended", "ready ended"]);

suite("The states of a session", () => {
  for (const from of stateNames) {
    for (const to of stateNames) {
      const isPossible = possible.has(`${from} ${to}`) || (from === to && from !== "ended");
      test(`${from} to ${to} is ${isPossible ? "possible" : "refused by the database"}`, async () => {
        const id = await sessionIn(from);
        const changing = pool.query(`update sessions set ${assignments[to]} where id = $1`, [id]);
        if (isPossible) await changing;
        else await assert.rejects(changing, { code: "23514" });
      });
    }
  }

  test("how a session ended stands, and what else is known of it may change", async () => {
    const id = await sessionIn("ended");
    for (const change of ["exit_code = 1", "ended_at = now() + interval '1 hour'"]) {
      await assert.rejects(pool.query(`update sessions set ${change} where id = $1`, [id]), { code: "23514" });
    }
    await pool.query(`update sessions set message = 'Known later.', end_reason = end_reason where id = $1`, [id]);
  });
});

interface Event {
  action: string;
  actor: string | null;
  kid: string | null;
  jti: string | null;
  end_reason: string | null;
}

async function auditOf(column: "session_id" | "owner_uid", value: string): Promise<Event[]> {
  const { rows } = await pool.query<Event>(
    `select action, actor, kid, jti, end_reason from audit_events where ${column} = $1 order by id`,
    [value],
  );
  return rows;
}

const none = { kid: null, jti: null, end_reason: null };

suite("The audit", () => {
  test("has one record of each thing that is done, by whom, and with which key and token", async () => {
    const id = await sessionIn("ready");
    const jti = randomUUID();
    await insertToken(pool, { jti, sessionId: id, ownerUid: "ada", kid: "key-1", lifetimeSeconds: 60 });
    const use = { jti, ownerUid: "ada", tokenSessionId: id, sessionId: id, admit: true };
    assert.equal((await consumeTokens(pool, [use]))[0]?.outcome, "consumed");
    assert.equal((await consumeTokens(pool, [use]))[0]?.outcome, "used");
    await extendSession(pool, id, { lifetimeSeconds: 3600, lifetimeMaxSeconds: 7200 });
    await stopSession(pool, id);
    await stopSession(pool, id);
    const token = { kid: "key-1", jti, end_reason: null };
    assert.deepEqual(await auditOf("session_id", id), [
      { action: "create", actor: "ada", ...none },
      { action: "mint", actor: "ada", ...token },
      { action: "attach", actor: "ada", ...token },
      { action: "extend", actor: "ada", ...none },
      { action: "stop", actor: "ada", ...none },
      { action: "end", actor: null, ...none, end_reason: "stopped" },
    ]);
  });

  test("tells an end of its own accord, and that a failed start was taken back", async () => {
    const [exited, failed] = [await sessionIn("ended"), await sessionIn("starting")];
    await discardSession(pool, failed);
    assert.deepEqual((await auditOf("session_id", exited)).at(-1), {
      action: "end",
      actor: null,
      ...none,
      end_reason: "exited",
    });
    assert.deepEqual((await auditOf("session_id", failed)).at(-1), { action: "end", actor: null, ...none });
  });

  test("tells who revoked a user, and who took that back", async () => {
    await sessionIn("ready", "eve");
    assert.equal((await revokeUser(pool, "eve")).length, 1);
    assert.equal(await restoreUser(pool, "eve"), true);
    assert.equal(await restoreUser(pool, "eve"), false);
    const events = await auditOf("owner_uid", "eve");
    assert.equal(events.length, 4);
    assert.deepEqual(
      new Set(events.map(({ action, actor }) => `${action} by ${actor}`)),
      new Set(["create by eve", "end by null", "restore by cliscale", "revoke by cliscale"]),
    );
  });

  test("holds nothing of what a user typed", async () => {
    const { rows } = await pool.query<{ text: string }>(`select to_jsonb(a)::text as text from audit_events a`);
    assert.ok(rows.length > 5);
    assert.ok(rows.every(({ text }) => !text.includes("secret")));
  });
});

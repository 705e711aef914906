import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { noLimits, type TestDatabase, startTestDatabase } from "@cliscale/local/testing";
import type { Pool } from "pg";
import * as db from "../src/index.ts";
import { makeReady, newSession } from "./support/session.ts";

const root = join(import.meta.dirname, "../../..");
type Part = "functions" | "gateway";

/** A ready session with a token, on which each query is run. */
interface Fixture {
  sessionId: string;
  jti: string;
}

/** Every query, as it is called; one that is new needs a line here, and a grant. */
const queries: Record<string, (pool: Pool, fixture: Fixture) => Promise<unknown>> = {
  availableConnections: (pool) => db.availableConnections(pool),
  consumeTokens: (pool, { sessionId, jti }) =>
    db.consumeTokens(pool, [{ jti, ownerUid: "ada", tokenSessionId: sessionId, sessionId, admit: true }]),
  deleteEndedSessions: (pool) => db.deleteEndedSessions(pool, 30, 10),
  deleteExpiredTokens: (pool) => db.deleteExpiredTokens(pool, 10),
  deleteTokensOfKey: (pool) => db.deleteTokensOfKey(pool, "kid"),
  withdrawSession: (pool, { sessionId }) => db.withdrawSession(pool, sessionId),
  discardSession: (pool, { sessionId }) => db.discardSession(pool, sessionId),
  discardUnpreparedSession: (pool, { sessionId }) => db.discardUnpreparedSession(pool, sessionId, 60),
  discardUnpreparedSessions: (pool) => db.discardUnpreparedSessions(pool, 60, 10),
  endedSessions: (pool, { sessionId }) => db.endedSessions(pool, [sessionId]),
  endIdleSessions: (pool) => db.endIdleSessions(pool, { outputMaxSeconds: 60, limit: 10 }),
  endSession: (pool, { sessionId }) => db.endSession(pool, sessionId, { reason: "stopped" }),
  endOverdueSessions: (pool) => db.endOverdueSessions(pool, 10),
  endOverdueSessionsOf: (pool) => db.endOverdueSessionsOf(pool, { ownerUid: "ada", outputMaxSeconds: 60 }),
  extendSession: (pool, { sessionId }) =>
    db.extendSession(pool, sessionId, { lifetimeSeconds: 600, lifetimeMaxSeconds: 3600 }),
  findSession: (pool, { sessionId }) => db.findSession(pool, "ada", sessionId),
  findSessionOfRequest: (pool) => db.findSessionOfRequest(pool, "ada", randomUUID()),
  insertSession: (pool) => db.insertSession(pool, newSession(), noLimits),
  insertToken: (pool, { sessionId }) => db.insertToken(pool, newToken(sessionId)),
  isSessionLive: (pool, { sessionId }) => db.isSessionLive(pool, sessionId),
  listSessions: (pool) => db.listSessions(pool, { ownerUid: "ada", state: undefined, after: undefined, limit: 10 }),
  liveSessionsOf: (pool) => db.liveSessionsOf(pool, "ada"),
  liveSessions: (pool) => db.liveSessions(pool, { after: undefined, limit: 10, slowStartSeconds: 60 }),
  markSessionPrepared: (pool, { sessionId }) => db.markSessionPrepared(pool, sessionId),
  restoreUser: (pool) => db.restoreUser(pool, "eve"),
  revokeUser: (pool) => db.revokeUser(pool, "eve"),
  noteSilentGateways: (pool) =>
    db.noteSilentGateways(pool, { silentAfterSeconds: 0, gapSeconds: 60, deadAfterSeconds: 60 }),
  removeGateway: (pool) => db.removeGateway(pool, randomUUID()),
  reportActivity: (pool, { sessionId }) =>
    db.reportActivity(pool, {
      gatewayId: randomUUID(),
      previousReport: undefined,
      uptimeSeconds: 0,
      sessions: [{ sessionId, attached: 1 }],
    }),
  sessionStates: (pool, { sessionId }) => db.sessionStates(pool, [sessionId]),
  markSessionReady: (pool, { sessionId }) => db.markSessionReady(pool, sessionId, "10.0.0.1"),
  missingObjects: (pool) => db.missingObjects(pool),
  privilegeProblems: (pool) => db.privilegeProblems(pool, "functions"),
  startQueuedSessions: (pool) => db.startQueuedSessions(pool, noLimits),
  stopSession: (pool, { sessionId }) => db.stopSession(pool, sessionId),
};

/** What the package exports that asks the database nothing. */
const noQueries = new Set(["createPool", "gatewayConnections", "idleAt"]);

/** What a part may do without doing it: it reads what these read. */
const alsoPossible: Record<Part, string[]> = {
  functions: ["endedSessions", "isSessionLive", "removeGateway"],
  gateway: ["availableConnections", "isSessionLive", "missingObjects", "privilegeProblems", "sessionStates"],
};

/** What neither part may ever do. */
const forbiddenToAll = [
  "truncate sessions",
  "truncate token_jti",
  "drop table token_jti",
  "alter table sessions add column mine integer",
  "create table mine ()",
  "create index on sessions (message)",
  "update token_jti set consumed_at = null where false and jti is null and consumed_at is null and kid = ''",
  "update token_jti set expires_at = now() where false",
  "select from knex_migrations",
  "select from audit_events",
  "update audit_events set actor = 'eve' where false",
  "delete from audit_events where false",
  "truncate audit_events",
  "insert into audit_events (action, owner_uid, at) values ('stop', 'ada', now())",
  "insert into audit_events (action, owner_uid, kid) values ('mint', 'ada', 'kid')",
  "insert into audit_events (action, owner_uid) values ('create', 'ada')",
  "alter table sessions disable trigger audit_session",
  "insert into knex_migrations (name) values ('mine')",
  "set role cliscale_migration",
  "create role mine",
];
const forbiddenToGateway = [
  "select bundle_source from sessions",
  "select command from sessions",
  "select request_id from sessions",
  "select kid from token_jti",
  "insert into sessions (id) values (gen_random_uuid())",
  "update sessions set state = 'ended' where false",
  "delete from sessions where false",
  "insert into token_jti (jti) values (gen_random_uuid())",
  "delete from token_jti where false",
  "insert into audit_events (action, owner_uid) values ('stop', 'ada')",
  "select from revoked_users",
  "delete from revoked_users where false",
  "select session_usage('ada', 10)",
  "select start_queued_sessions(1, 1)",
  "select revoke_user('ada')",
];

let database: TestDatabase;
let admin: Pool;
const pools = {} as Record<Part, Pool>;

before(async () => {
  database = await startTestDatabase();
  admin = openPool(database.url);
  for (const part of ["functions", "gateway"] as const) {
    await admin.query(`create role ${part} login password '${part}' in role cliscale_${part}`);
    const url = new URL(database.url);
    Object.assign(url, { username: part, password: part });
    pools[part] = openPool(url.href);
  }
});

after(async () => {
  await Promise.all([admin, ...Object.values(pools)].map((pool) => pool.end()));
  await database.remove();
});

function openPool(connectionString: string): Pool {
  return db.createPool({ connectionString, applicationName: "test", max: 2, onError: () => undefined });
}

function newToken(sessionId: string): db.NewToken {
  return { jti: randomUUID(), sessionId, ownerUid: "ada", kid: "kid", lifetimeSeconds: 60 };
}

async function makeFixture(): Promise<Fixture> {
  const sessionId = await makeReady(admin);
  const token = newToken(sessionId);
  await db.insertToken(admin, token);
  return { sessionId, jti: token.jti };
}

/** The names that a part's source imports from this package, without types. */
async function importsOf(part: Part): Promise<string[]> {
  const names = new Set<string>();
  for await (const file of glob(`${part}/src/**/*.ts`, { cwd: root })) {
    const text = await readFile(join(root, file), "utf8");
    for (const [, list] of text.matchAll(/^import \{([^}]*)\} from "@cliscale\/db";/gm)) {
      for (const name of list!.split(",").map((each) => each.trim().replace(/ as .*/, "")))
        if (name && !name.startsWith("type ")) names.add(name);
    }
  }
  return Array.from(names.difference(noQueries));
}

const isDenied = (error: unknown) => (error as { code?: string }).code === "42501";

suite("The roles of PostgreSQL", () => {
  test("are tried with every query that there is", () => {
    const exported = Object.keys(db).filter((name) => !noQueries.has(name));
    assert.deepEqual(Object.keys(queries).toSorted(), exported.toSorted());
  });

  for (const part of ["functions", "gateway"] as const) {
    test(`let ${part} run each query that it uses`, async () => {
      const used = await importsOf(part);
      assert.ok(used.length >= 2, String(used));
      for (const name of used) {
        const fixture = await makeFixture();
        await assert.doesNotReject(queries[name]!(pools[part], fixture), `${name} needs a grant to cliscale_${part}`);
      }
    });

    test(`are for ${part} what the doctor takes them for`, async () => {
      assert.deepEqual(await db.privilegeProblems(pools[part], part), []);
      const other = part === "gateway" ? "functions" : "gateway";
      assert.notDeepEqual(await db.privilegeProblems(pools[part], other), []);
    });

    test(`keep ${part} from every other`, async () => {
      const used = await importsOf(part);
      for (const [name, run] of Object.entries(queries)) {
        if (used.includes(name) || alsoPossible[part].includes(name)) continue;
        await assert.rejects(run(pools[part], await makeFixture()), isDenied, `${part} can run ${name}`);
      }
    });

    test(`keep ${part} from whatever is no query of ours`, async () => {
      const statements = part === "gateway" ? [...forbiddenToAll, ...forbiddenToGateway] : forbiddenToAll;
      for (const statement of statements) {
        await assert.rejects(pools[part].query(statement), isDenied, `${part} can ${statement}`);
      }
    });
  }

  test("let an attach through as the gateway, and the trigger that prunes tokens as the functions", async () => {
    const fixture = await makeFixture();
    const verdicts = (await queries["consumeTokens"]!(pools.gateway, fixture)) as db.TokenVerdict[];
    assert.equal(verdicts[0]?.outcome, "consumed");
    const { jti } = await makeFixture();
    await admin.query("update token_jti set expires_at = now() - interval '1 hour' where jti = $1", [jti]);
    await db.insertToken(pools.functions, newToken(fixture.sessionId));
    const { rowCount } = await admin.query("select from token_jti where jti = $1", [jti]);
    assert.equal(rowCount, 0);
  });
});

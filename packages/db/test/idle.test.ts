import assert from "node:assert/strict";
import { randomInt, randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { after, before, beforeEach, suite, test } from "node:test";
import { startTestDatabase, type TestDatabase } from "@cliscale/local/testing";
import type { Pool } from "pg";
import * as db from "../src/index.ts";
import { type Activity, idleAtSql } from "../src/idle.ts";
import { makeReady, newSession } from "./support/session.ts";

const outputMaxSeconds = 600;
const silence = { silentAfterSeconds: 20, gapSeconds: 150, deadAfterSeconds: 600 };

let database: TestDatabase;
let pool: Pool;

before(async () => {
  database = await startTestDatabase();
  pool = db.createPool({ connectionString: database.url, applicationName: "test", max: 4, onError: () => undefined });
});
after(async () => {
  await pool.end();
  await database.remove();
});
beforeEach(() => pool.query("truncate sessions, gateways"));

/** A ready session of these many idle seconds, with columns set by SQL. */
async function putReady(idleSeconds: number, assignments = "message = null"): Promise<string> {
  const id = await makeReady(pool, newSession({ lifetime_seconds: 86_400, idle_seconds: idleSeconds }));
  await pool.query(
    `update sessions set created_at = d, ready_at = d, last_active_at = d from (select now() - interval '1 day') as old (d) where id = $1`,
    [id],
  );
  await pool.query(`update sessions set ${assignments} where id = $1`, [id]);
  return id;
}

const ago = (column: string, seconds: number) => `${column} = now() - interval '${seconds} seconds'`;
const sweep = () => db.endIdleSessions(pool, { outputMaxSeconds, limit: 100 });
const look = (sessionId: string) => db.endOverdueSessionsOf(pool, { ownerUid: "ada", sessionId, outputMaxSeconds });

async function row(id: string) {
  const found = await db.findSession(pool, "ada", id);
  assert.ok(found);
  return found;
}

/** A gateway's report, as the one before has let it go on. */
function reporter(gatewayId: string = randomUUID()) {
  let previousReport: string | undefined;
  return async (sessions: db.SessionActivity[] = [], uptimeSeconds = 0) => {
    previousReport = await db.reportActivity(pool, { gatewayId, previousReport, uptimeSeconds, sessions });
  };
}

suite("A ready session is idle", () => {
  test("at the same time for programs and for statements", async () => {
    const base = Date.parse("2026-01-01T00:00:00Z");
    const time = () => (randomInt(3) === 0 ? null : new Date(base + randomInt(4_000_000)));
    for (let round = 0; round < 300; round += 1) {
      const session: Activity = {
        idle_seconds: 10 + randomInt(2_000),
        created_at: new Date(base),
        ready_at: time(),
        last_attach_at: time(),
        last_input_at: time(),
        last_output_at: time(),
      };
      const names = Object.keys(session);
      const types = names.map(
        (name, index) => `$${index + 2}::${name === "idle_seconds" ? "integer" : "timestamptz"} as ${name}`,
      );
      const { rows } = await pool.query<{ idle_at: Date }>(
        `select ${idleAtSql("$1")} as idle_at from (select ${types.join(", ")}) session`,
        [outputMaxSeconds, ...Object.values(session)],
      );
      assert.deepEqual(db.idleAt(session, outputMaxSeconds), rows[0]!.idle_at, JSON.stringify(session));
    }
    assert.equal(db.idleAt({ ...(await row(await putReady(0))) }, outputMaxSeconds), undefined);
  });

  test("after input, output and attaches have each kept it for `idle_seconds`, output for a bounded time", async () => {
    const idle = await Promise.all([
      putReady(10),
      putReady(10, `${ago("last_input_at", 11)}, ${ago("last_output_at", 12)}, ${ago("last_attach_at", 13)}`),
      putReady(30, `${ago("last_input_at", outputMaxSeconds + 1)}, ${ago("last_output_at", 0)}`),
    ]);
    const busy = await Promise.all([
      putReady(10, ago("last_input_at", 5)),
      putReady(10, ago("last_attach_at", 5)),
      putReady(10, `${ago("last_input_at", outputMaxSeconds - 60)}, ${ago("last_output_at", 5)}`),
      putReady(2 * outputMaxSeconds, `${ago("last_input_at", outputMaxSeconds + 60)}, ${ago("last_output_at", 5)}`),
      putReady(0),
    ]);
    const { ended } = await sweep();
    assert.deepEqual(new Set(ended), new Set(idle));
    for (const id of idle) assert.equal((await row(id)).end_reason, "idle");
    for (const id of busy) {
      assert.equal((await row(id)).state, "ready");
      assert.deepEqual(await look(id), []);
    }
  });

  test("and is then ended by whoever looks at it, past its lifetime as `deadline`", async () => {
    const [idle, both] = [await putReady(10), await putReady(10, ago("expires_at", 1))];
    assert.deepEqual(await look(idle), [idle]);
    assert.deepEqual(await look(both), [both]);
    assert.deepEqual([(await row(idle)).end_reason, (await row(both)).end_reason], ["idle", "deadline"]);
    assert.deepEqual(await look(idle), []);
  });

  test("and sweeps look at it again only when it could be", async () => {
    const id = await putReady(60, ago("last_input_at", 30));
    assert.deepEqual(await sweep(), { looked: 1, ended: [] });
    assert.deepEqual(await sweep(), { looked: 0, ended: [] });
    await pool.query(`update sessions set ${ago("last_input_at", 61)}, ${ago("idle_check_at", 1)} where id = $1`, [id]);
    const sweeps = await Promise.all(Array.from({ length: 4 }, sweep));
    assert.deepEqual(
      sweeps.flatMap(({ ended }) => ended),
      [id],
    );
  });
});

suite("A report", () => {
  test("moves the times of a session forward and never back, by the database's clock", async () => {
    const id = await putReady(600);
    const [one, other] = [reporter(), reporter()];
    await one([{ sessionId: id, attached: 30, input: 20, output: 10 }]);
    const first = await row(id);
    await other([{ sessionId: id, attached: 300, input: 200 }]);
    assert.deepEqual(await row(id), first);
    await other([{ sessionId: id, output: 5 }]);
    const last = await row(id);
    assert.deepEqual([last.last_attach_at, last.last_input_at], [first.last_attach_at, first.last_input_at]);
    assert.ok(last.last_output_at! > first.last_output_at!);
    assert.deepEqual(last.last_active_at, last.last_output_at);
    const [age] = (
      await pool.query<{ age: number }>("select extract(epoch from now() - last_input_at)::float8 as age from sessions")
    ).rows;
    assert.ok(age!.age >= 20 && age!.age < 30, String(age!.age));
  });

  test("changes no session that it does not name, that has ended or that is none", async () => {
    const [named, quiet, ended] = [await putReady(600), await putReady(600), await putReady(600)];
    await db.endSession(pool, ended, { reason: "stopped" });
    const rowsBefore = [await row(quiet), await row(ended)];
    await reporter()([named, ended, randomUUID()].map((sessionId) => ({ sessionId, input: 0 })));
    assert.ok((await row(named)).last_input_at);
    assert.deepEqual([await row(quiet), await row(ended)], rowsBefore);
  });

  test("of two gateways about the same sessions, in whatever order, waits for no other in a circle", async () => {
    const ids = await Promise.all(Array.from({ length: 50 }, () => putReady(600)));
    const entries = ids.map((sessionId) => ({ sessionId, input: 0 }));
    const gateways = Array.from({ length: 4 }, () => reporter());
    await Promise.all(
      gateways.map(async (report, index) => {
        const order = index % 2 ? entries : entries.toReversed();
        for (let round = 0; round < 25; round += 1) await report(order);
      }),
    );
    for (const id of ids) assert.ok((await row(id)).last_input_at);
  });
});

suite("Nothing is idle", () => {
  test("that a gateway has not yet reported about", async () => {
    const id = await putReady(10);
    const report = reporter();
    // Its sockets may be as old as it is.
    await report([], 86_400);
    assert.deepEqual(await sweep(), { looked: 0, ended: [] });
    assert.deepEqual(await look(id), []);
    await report();
    assert.deepEqual(await look(id), [id]);
  });

  test("while a gateway is silent, until it reports again or has been seen to be silent for ten minutes", async () => {
    const id = await putReady(10);
    const [silent, other] = [reporter(), reporter()];
    for (const report of [silent, other]) for (let round = 0; round < 2; round += 1) await report();
    // As after an outage of the database that began a day ago: nobody has reported since.
    await pool.query(
      `update gateways set reported_at = now() - interval '1 day', covered_until = now() - interval '25 hours'`,
    );
    assert.deepEqual(await db.noteSilentGateways(pool, silence), { silent: 2, dead: 0 });
    for (let round = 0; round < 2; round += 1) await other();
    assert.deepEqual(await look(id), []);

    const shift = `update gateways set silent_since = silent_since - $1::interval, silent_at = silent_at - $2::interval`;
    await pool.query(shift, ["9 minutes", "1 minute"]);
    assert.deepEqual(await db.noteSilentGateways(pool, silence), { silent: 1, dead: 0 });
    assert.deepEqual(await sweep(), { looked: 0, ended: [] });
    // Sweeps that have stopped in between know nothing of a silence.
    await pool.query(shift, ["9 minutes", "9 minutes"]);
    assert.deepEqual(await db.noteSilentGateways(pool, silence), { silent: 1, dead: 0 });
    await pool.query(shift, ["11 minutes", "1 minute"]);
    assert.deepEqual(await db.noteSilentGateways(pool, silence), { silent: 1, dead: 1 });
    assert.deepEqual((await sweep()).ended, [id]);
    assert.deepEqual(await db.noteSilentGateways(pool, silence), { silent: 0, dead: 0 });
  });

  test("that a report under way says is not", async () => {
    const id = await putReady(10);
    const report = reporter();
    for (let round = 0; round < 2; round += 1) await report();
    const client = await pool.connect();
    await client.query("begin");
    await client.query("select from sessions for update");
    const reporting = report([{ sessionId: id, input: 0 }]);
    await untilWaiting(1);
    assert.deepEqual(await sweep(), { looked: 0, ended: [] }, "sweeps pass rows that others hold");
    const looking = look(id);
    await untilWaiting(2);
    await client.query("commit");
    client.release();
    await reporting;
    assert.deepEqual([(await looking).length === 0, (await row(id)).state], [true, "ready"]);
  });

  test("of a gateway that has left, and waits for it no longer", async () => {
    const id = await putReady(10);
    const gatewayId = randomUUID();
    await reporter(gatewayId)([], 86_400);
    assert.deepEqual(await look(id), []);
    await db.removeGateway(pool, gatewayId);
    assert.deepEqual(await look(id), [id]);
  });
});

/** Until so many statements wait for locks of others; they get them in the order in which they came. */
async function untilWaiting(count: number): Promise<void> {
  const waiting = `select from pg_stat_activity where wait_event_type = 'Lock'`;
  while ((await pool.query(waiting)).rowCount !== count) await delay(10);
}

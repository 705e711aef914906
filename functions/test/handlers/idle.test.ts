import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, beforeEach, suite, test } from "node:test";
import { reportActivity } from "@cliscale/db";
import type { Session } from "@cliscale/protocol";
import { handleAttachSession } from "../../src/attachSession.ts";
import { handleCreateSession } from "../../src/createSession.ts";
import { handleGetSession } from "../../src/getSession.ts";
import { handleListSessions } from "../../src/listSessions.ts";
import { handleStopSession } from "../../src/stopSession.ts";
import { handleSweep } from "../../src/sweepSessions.ts";
import { call, nothing, requireGone, startControlPlane, wish } from "./support.ts";

const plane = await startControlPlane();
after(() => plane.stop());
const { deps, pool } = plane;

/** A ready session that ends after ten idle seconds. */
async function start(): Promise<Session> {
  const { session } = await handleCreateSession(deps, call(wish("template:listen", { idleSeconds: 10 })));
  assert.equal(session.state, "ready");
  return session;
}

/** Lets everything that is known of a session have happened longer ago. */
async function goBack(sessionId: string, seconds: number): Promise<void> {
  const columns = ["created_at", "ready_at", "last_active_at", "last_attach_at", "last_input_at", "last_output_at"];
  const assignments = [...columns, "idle_check_at"].map(
    (column) => `${column} = ${column} - make_interval(secs => $2)`,
  );
  await pool.query(`update sessions set ${assignments.join(", ")} where id = $1`, [sessionId, seconds]);
}

async function report(sessionId: string, what: { attached?: number; input?: number; output?: number }): Promise<void> {
  const gateway = { gatewayId: randomUUID(), previousReport: undefined, uptimeSeconds: 0 };
  await reportActivity(pool, { ...gateway, sessions: [{ sessionId, ...what }] });
}

const get = async (sessionId: string) => (await handleGetSession(deps, call({ sessionId }))).session;
const secondsBetween = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 1000;

suite("a session", () => {
  beforeEach(() => pool.query("truncate gateways"));

  test("tells when something last happened in it, and when it ends if nothing does", async () => {
    const session = await start();
    assert.equal(session.lastActiveAt, session.readyAt);
    assert.equal(secondsBetween(session.readyAt!, session.idleAt!), session.idleSeconds);
    await goBack(session.id, 8);
    await report(session.id, { output: 2 });
    const printed = await get(session.id);
    assert.equal(secondsBetween(printed.lastActiveAt!, printed.idleAt!), 10);
    await report(session.id, { input: 1 });
    const typed = await get(session.id);
    assert.ok(secondsBetween(printed.lastActiveAt!, typed.lastActiveAt!) > 0);
    assert.equal(secondsBetween(typed.lastActiveAt!, typed.idleAt!), 10);

    const bound = { ...deps, settings: { ...deps.settings, idleOutputMaxSeconds: 12 } };
    await goBack(session.id, 7);
    await report(session.id, { output: 0 });
    const { session: bounded } = await handleGetSession(bound, call({ sessionId: session.id }));
    assert.ok(
      Math.abs(secondsBetween(typed.lastActiveAt!, bounded.idleAt!) - 5) < 0.01,
      "12 s after the input, of which 7 are gone",
    );
    const { session: never } = await handleCreateSession(deps, call(wish("template:listen", { idleSeconds: 0 })));
    assert.deepEqual([never.idleSeconds, never.idleAt], [0, undefined]);
    await goBack(never.id, 1_000_000);
    assert.equal((await get(never.id)).state, "ready");
    for (const { id } of [session, never]) await handleStopSession(deps, call({ sessionId: id }));
  });

  const looks: Record<string, (sessionId: string) => Promise<unknown>> = {
    getSession: get,
    attachSession: (sessionId) =>
      assert.rejects(handleAttachSession(deps, call({ sessionId })), { code: "failed-precondition" }),
    listSessions: () => handleListSessions(deps, call({})),
    "a sweep": async () => {
      const { sessionsIdle, failed } = await handleSweep(deps);
      assert.deepEqual([sessionsIdle, failed], [1, []]);
    },
  };
  for (const [name, look] of Object.entries(looks)) {
    test(`that is idle is ended by ${name}, with its Job`, async () => {
      const { id } = await start();
      await goBack(id, 9);
      assert.equal((await get(id)).state, "ready");
      await goBack(id, 2);
      await look(id);
      assert.equal((await plane.row(id))?.end_reason, "idle");
      await requireGone(plane, id);
    });
  }

  test("that is idle is told to have ended within 2 s, even where Kubernetes does not answer", async () => {
    const { id } = await start();
    await goBack(id, 11);
    plane.fail({ verb: "delete", resource: "jobs" }, { hang: true }, 5);
    const began = Date.now();
    const { endReason } = await get(id);
    assert.ok(Date.now() - began < 5_000, "it waited for the Job");
    assert.equal(endReason, "idle");
    await plane.clearFaults();
    await handleSweep(deps, { jobAgeSeconds: 0 });
    await requireGone(plane, id);
  });

  test("that has lost its pod has not become idle, though nobody has looked", async () => {
    const leaving = call(wish("template:listen", { idleSeconds: 10 }));
    const { session } = await handleCreateSession(deps, leaving);
    const namespace = "cliscale-runners";
    const labelSelector = `cliscale.dev/session=${session.id}`;
    const [pod] = (await plane.core.listNamespacedPod({ namespace, labelSelector })).items;
    await plane.core.deleteNamespacedPod({ namespace, name: pod!.metadata!.name! });
    await requireNoPod(labelSelector);
    await goBack(session.id, 11);
    const { sessionsIdle, sessionsRepaired } = await handleSweep(deps);
    assert.deepEqual([sessionsIdle, sessionsRepaired], [0, 1]);
    assert.equal((await plane.row(session.id))?.end_reason, "lost");
    await handleSweep(deps);
    await requireGone(plane, session.id);
  });

  test("is not ended before every gateway has reported again after an outage", async () => {
    const { id } = await start();
    await report(id, { input: 0 });
    await goBack(id, 60);
    await pool.query(
      "update gateways set reported_at = now() - interval '1 hour', covered_until = now() - interval '1 hour'",
    );
    assert.deepEqual(await handleSweep(deps), { ...nothing, gatewaysSilent: 1 });
    assert.equal((await get(id)).state, "ready");
    const { rows } = await pool.query<{ id: string; now: string }>("select id, now()::text as now from gateways");
    const gateway = { gatewayId: rows[0]!.id, uptimeSeconds: 0 };
    // It had not been able to tell that somebody was typing.
    await reportActivity(pool, { ...gateway, previousReport: rows[0]!.now, sessions: [{ sessionId: id, input: 3 }] });
    assert.deepEqual(await handleSweep(deps), nothing);
    assert.equal((await get(id)).state, "ready");
  });
});

async function requireNoPod(labelSelector: string): Promise<void> {
  for (;;) {
    const { items } = await plane.core.listNamespacedPod({ namespace: "cliscale-runners", labelSelector });
    if (items.length === 0) return;
  }
}

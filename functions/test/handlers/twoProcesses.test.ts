import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { StartAnswer } from "@cliscale/protocol";
import { handleSweep } from "../../src/sweepSessions.ts";
import { CallError, startFunctionsProcess } from "./functionsProcess.ts";
import { eventually, idOf, startControlPlane, wish } from "./support.ts";

const plane = await startControlPlane();
const processes = [startFunctionsProcess(plane), startFunctionsProcess(plane)] as const;
after(async () => {
  await Promise.all(processes.map((each) => each.kill()));
  await plane.stop();
});

const sessions = process.env["CLISCALE_TEST_SIZE"] === "full" ? 50 : 10;

async function count() {
  const { rows: sessionRows, ...cluster } = await plane.count();
  const { rows } = await plane.pool.query<{ state: string }>(`select state from sessions`);
  assert.equal(rows.length, sessionRows);
  return {
    ...cluster,
    live: rows.filter(({ state }) => state !== "ended").length,
    ended: rows.filter(({ state }) => state === "ended").length,
  };
}

/** What a call that a stop has overtaken may be told. */
const told = (error: unknown): undefined => {
  assert.ok(error instanceof CallError, String(error));
  assert.ok(["failed-precondition", "unavailable"].includes(error.code), error.message);
};

test("two processes that handle the same requests at once make one session of each", async () => {
  assert.deepEqual(await count(), { live: 0, ended: 0, jobs: 0, secrets: 0, pods: 0 });
  const inputs = Array.from({ length: sessions }, () => wish());
  const answers = await Promise.all(
    inputs.flatMap((input) => processes.map((each) => each.call("createSession", input))),
  );
  const ids = new Set(answers.map(({ session }) => session.id));
  assert.equal(ids.size, sessions);
  const attached = await Promise.all(
    [...ids].flatMap((sessionId) => processes.map((each) => each.call("attachSession", { sessionId }))),
  );
  const tokens = [...answers, ...attached].map(({ attach }) => attach!.token);
  assert.equal(new Set(tokens).size, 4 * sessions);
  const whole = { live: sessions, ended: 0, jobs: sessions, secrets: sessions, pods: sessions };
  assert.deepEqual(await count(), whole);

  const stopped = await Promise.all(
    [...ids].flatMap((sessionId) => processes.map((each) => each.call("stopSession", { sessionId }))),
  );
  for (const { session } of stopped) assert.equal(session.endReason, "stopped");
  await eventually(async () => {
    assert.deepEqual(await count(), { live: 0, ended: sessions, jobs: 0, secrets: 0, pods: 0 });
  });
});

test("creates, attaches and stops of the same sessions in two processes, in any order, end in the same place", async () => {
  const before = await count();
  const answers = await Promise.all(
    Array.from({ length: sessions }, async () => {
      const input = wish();
      const [one, other] = randomInt(2) ? processes : [processes[1], processes[0]];
      const creates = [one, other].map((each) => each.call("createSession", input).catch(told));
      const sessionId = await eventually(() => idOf(plane, input));
      const attaches = [one, other].map(async (each) => {
        await delay(randomInt(300));
        return each.call("attachSession", { sessionId }).catch(told);
      });
      const stops = [one, other].map(async (each): Promise<StartAnswer> => {
        await delay(randomInt(600));
        return each.call("stopSession", { sessionId });
      });
      for (const { session } of await Promise.all(stops)) {
        assert.deepEqual([session.id, session.state, session.endReason], [sessionId, "ended", "stopped"]);
      }
      return Promise.all([...creates, ...attaches]);
    }),
  );
  for (const answer of answers.flat()) {
    if (answer && !answer.attach) assert.equal(answer.session.endReason, "stopped");
  }
  await eventually(async () => {
    assert.deepEqual(await count(), { ...before, ended: before.ended + sessions });
  });
  const { jobsDeleted, sessionsRepaired, failed } = await handleSweep(plane.deps, { jobAgeSeconds: 0 });
  assert.deepEqual([jobsDeleted, sessionsRepaired, failed], [0, 0, []], "nothing was left to the sweep");
});

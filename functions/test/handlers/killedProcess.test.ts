import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { CreateSessionInput } from "@cliscale/protocol";
import { handleAttachSession } from "../../src/attachSession.ts";
import { handleCreateSession } from "../../src/createSession.ts";
import { handleGetSession } from "../../src/getSession.ts";
import { handleStopSession } from "../../src/stopSession.ts";
import { handleSweep } from "../../src/sweepSessions.ts";
import { startFunctionsProcess } from "./functionsProcess.ts";
import { requireInvariants } from "./mixture.ts";
import { age, call, eventually, idOf, partsOf, requireGone, startControlPlane, whole, wish } from "./support.ts";

const plane = await startControlPlane();
after(() => plane.stop());

/** Up to here nobody else has the session's `env`, or knows whether its Secret stands. */
const abandoned = [
  "after insertSession",
  "before createJob",
  "after createJob",
  "before createSecret",
  "after createSecret",
  "before markSessionPrepared",
];
/** From here on anybody can finish the start. */
const prepared = [
  "after markSessionPrepared",
  "before startSession",
  "after startSession",
  "before resumeJob",
  "after resumeJob",
  "in the watch",
  "before sign",
  "after sign",
  "after insertToken",
];

interface Killed {
  input: CreateSessionInput;
  sessionId: string;
}

/**
 * Has one process of the functions handle a start up to each of these moments, and then kills it. The moments are those of a start in
 * their order, and the last one comes first: a start that gets as far as to let sessions out of the queue takes along those that wait.
 */
async function killStarts(moments: readonly string[], streaming: boolean): Promise<Map<string, Killed>> {
  const functions = startFunctionsProcess(plane);
  const starts = new Map<string, Killed>();
  for (const moment of moments.toReversed()) {
    const input = wish(moment === "in the watch" ? "template:late" : "template:listen");
    await functions.callUpTo(moment, "createSession", input, { streaming });
    starts.set(moment, { input, sessionId: await idOf(plane, input) });
  }
  await functions.kill();
  return starts;
}

/** The request ends with one session, which is whole and ready. Resolves to its id. */
async function requireOne(input: CreateSessionInput): Promise<string> {
  const { session, attach } = await handleCreateSession(plane.deps, call(input));
  assert.ok(attach);
  assert.equal(session.id, await idOf(plane, input));
  assert.deepEqual(await partsOf(plane, session.id), whole);
  await handleStopSession(plane.deps, call({ sessionId: session.id }));
  await requireGone(plane, session.id);
  return session.id;
}

const variants = process.env["CLISCALE_TEST_SIZE"] === "full" ? [true, false] : [true];
for (const streaming of variants) {
  suite(
    `after a SIGKILL of the functions process in a ${streaming ? "streaming" : "plain"} start`,
    { concurrency: 5 },
    () => {
      let killed: Map<string, Killed>;
      before(async () => {
        killed = await killStarts([...abandoned, ...prepared], streaming);
        const { failed, sessionsRemoved } = await handleSweep(plane.deps);
        assert.deepEqual([failed, sessionsRemoved], [[], 0], "a launcher may still be alive");
        for (const { sessionId } of killed.values()) await age(plane, sessionId);
      });

      for (const moment of prepared) {
        test(`${moment}, sweeps finish the start`, async () => {
          const { input, sessionId } = killed.get(moment)!;
          await eventually(async () => {
            if ((await plane.row(sessionId))?.state !== "ready") await handleSweep(plane.deps);
            assert.equal((await plane.row(sessionId))?.state, "ready");
          });
          assert.deepEqual(await partsOf(plane, sessionId), whole);
          assert.equal(await requireOne(input), sessionId);
        });
      }

      for (const moment of abandoned) {
        test(`${moment}, a sweep leaves nothing, and the request may be made again`, async () => {
          const { input, sessionId } = killed.get(moment)!;
          await handleSweep(plane.deps);
          assert.equal(await plane.row(sessionId), undefined);
          await requireGone(plane, sessionId);
          assert.notEqual(await requireOne(input), sessionId);
        });
      }
    },
  );

  suite(`without a sweep, after a SIGKILL in a ${streaming ? "plain" : "streaming"} start`, { concurrency: 5 }, () => {
    let killed: Map<string, Killed>;
    before(async () => {
      killed = await killStarts([...abandoned, ...prepared], !streaming);
    });

    for (const moment of [...abandoned, ...prepared]) {
      test(`${moment}, the same request finishes the start`, async () => {
        const { input, sessionId } = killed.get(moment)!;
        assert.equal(await requireOne(input), sessionId);
      });
    }
  });
}

suite("a session whose launcher was killed", { concurrency: 5 }, () => {
  let killed: Map<string, Killed>;
  before(async () => {
    killed = await killStarts([...abandoned, ...prepared], true);
  });

  for (const moment of ["after markSessionPrepared", "before resumeJob", "before sign"]) {
    test(`${moment} is started by an attach`, async () => {
      const { input, sessionId } = killed.get(moment)!;
      const { attach } = await handleAttachSession(plane.deps, call({ sessionId }));
      assert.ok(attach);
      assert.deepEqual(await partsOf(plane, sessionId), whole);
      assert.equal(await requireOne(input), sessionId);
    });
  }

  for (const moment of ["before startSession", "after startSession"]) {
    test(`${moment} is started by a look`, async () => {
      const { sessionId } = killed.get(moment)!;
      await eventually(async () => {
        const { session } = await handleGetSession(plane.deps, call({ sessionId }));
        assert.equal(session.state, "ready");
      });
      assert.deepEqual(await partsOf(plane, sessionId), whole);
    });
  }

  test("before it was prepared waits as long as its launcher may live, and is then taken back by an attach", async () => {
    const { input, sessionId } = killed.get("after createSecret")!;
    const attaching = handleAttachSession(plane.deps, call({ sessionId }));
    const told = assert.rejects(attaching, { code: "unavailable", message: /Try again/ });
    const { session } = await handleGetSession(plane.deps, call({ sessionId }));
    assert.equal(session.state, "queued");
    await age(plane, sessionId);
    await told;
    await requireGone(plane, sessionId);
    assert.notEqual(await requireOne(input), sessionId);
  });

  test("before it was prepared is taken back by a look when nobody can start it", async () => {
    const { sessionId } = killed.get("after createJob")!;
    const own = { sessionId };
    await age(plane, sessionId);
    await assert.rejects(handleGetSession(plane.deps, call(own)), { code: "unavailable" });
    await requireGone(plane, sessionId);
    await assert.rejects(handleGetSession(plane.deps, call(own)), { code: "not-found" });
  });

  for (const moment of ["before createSecret", "before markSessionPrepared", "after resumeJob"]) {
    test(`${moment} is ended by a stop`, async () => {
      const { sessionId } = killed.get(moment)!;
      const { session } = await handleStopSession(plane.deps, call({ sessionId }));
      assert.equal(session.endReason, "stopped");
      await requireGone(plane, sessionId);
    });
  }
});

test("a process that is killed in a stop, between row and Job, leaves the Job to the sweep", async () => {
  const { session } = await handleCreateSession(plane.deps, call(wish()));
  const functions = startFunctionsProcess(plane);
  await functions.callUpTo("before deleteJob", "stopSession", { sessionId: session.id });
  await functions.kill();
  assert.equal((await plane.row(session.id))?.end_reason, "stopped");
  assert.deepEqual(await partsOf(plane, session.id), whole);
  await handleSweep(plane.deps, { jobAgeSeconds: 0 });
  await requireGone(plane, session.id);
});

test("after all of these kills there is a Job for each live row, a live row for each Job, and nothing else", async () => {
  await plane.pool.query(
    `update sessions set created_at = created_at - interval '1 minute' where state = 'queued' and prepared_at is null`,
  );
  assert.deepEqual((await handleSweep(plane.deps, { jobAgeSeconds: 0 })).failed, []);
  await requireInvariants(plane);
});

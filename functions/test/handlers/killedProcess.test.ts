import assert from "node:assert/strict";
import { after, suite, test } from "node:test";
import type { CreateSessionInput } from "@cliscale/protocol";
import { handleAttachSession } from "../../src/attachSession.ts";
import { handleCreateSession } from "../../src/createSession.ts";
import { handleGetSession } from "../../src/getSession.ts";
import { jobName, runnerNamespace as namespace } from "../../src/kubernetes/jobManifest.ts";
import { handleStopSession } from "../../src/stopSession.ts";
import { handleSweep } from "../../src/sweepSessions.ts";
import { startFunctionsProcess } from "./functionsProcess.ts";
import { age, call, type ControlPlane, eventually, idOf, requireGone, startControlPlane, wish } from "./support.ts";

const plane = await startControlPlane();
after(() => plane.stop());

const isFull = process.env["CLISCALE_TEST_SIZE"] === "full";

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

/** Has a process of the functions handle a start, and killed at a moment of it. Resolves to the session's id. */
async function killStart(input: CreateSessionInput, killAt: string, streaming: boolean): Promise<string> {
  const functions = startFunctionsProcess(plane);
  const calling = functions.call("createSession", input, { streaming, killAt });
  await assert.rejects(calling, /the process has ended/, functions.log());
  assert.equal(await functions.ended, "SIGKILL");
  return idOf(plane, input);
}

const source = (killAt: string) => (killAt === "in the watch" ? "template:late" : "template:listen");

async function partsOf({ jobs, core }: ControlPlane, sessionId: string) {
  const lists = await Promise.all([
    jobs.listNamespacedJob({ namespace }),
    core.listNamespacedSecret({ namespace }),
    core.listNamespacedPod({ namespace }),
  ]);
  const [jobCount, secrets, pods] = lists.map(
    ({ items }: { items: { metadata?: { name?: string } }[] }) =>
      items.filter(({ metadata }) => metadata!.name!.startsWith(jobName(sessionId))).length,
  );
  return { jobs: jobCount, secrets, pods };
}
const whole = { jobs: 1, secrets: 1, pods: 1 };

/** The request ends with one session, which is whole and ready. */
async function requireOne(input: CreateSessionInput): Promise<void> {
  const { session, attach } = await handleCreateSession(plane.deps, call(input));
  assert.ok(attach);
  assert.equal(session.id, await idOf(plane, input));
  assert.deepEqual(await partsOf(plane, session.id), whole);
  await handleStopSession(plane.deps, call({ sessionId: session.id }));
  await requireGone(plane, session.id);
}

suite("after a SIGKILL of the functions process", { concurrency: 3 }, () => {
  for (const streaming of isFull ? [true, false] : [true]) {
    for (const killAt of abandoned) {
      test(`${killAt} (${streaming ? "streaming" : "plain"}), sweeps leave nothing, and the request may be made again`, async () => {
        const input = wish(source(killAt));
        const sessionId = await killStart(input, killAt, streaming);
        assert.equal((await handleSweep(plane.deps)).failed.length, 0);
        assert.equal((await plane.row(sessionId))?.state, "queued", "its launcher may still live");
        await age(plane, sessionId);
        await handleSweep(plane.deps);
        assert.equal(await plane.row(sessionId), undefined);
        await requireGone(plane, sessionId);
        await requireOne(input);
        assert.notEqual(await idOf(plane, input), sessionId);
      });
    }

    for (const killAt of prepared) {
      test(`${killAt} (${streaming ? "streaming" : "plain"}), sweeps finish the start`, async () => {
        const input = wish(source(killAt));
        const sessionId = await killStart(input, killAt, streaming);
        await age(plane, sessionId);
        await eventually(async () => {
          await handleSweep(plane.deps);
          assert.equal((await plane.row(sessionId))?.state, "ready");
        });
        assert.deepEqual(await partsOf(plane, sessionId), whole);
        await requireOne(input);
        assert.equal(await idOf(plane, input), sessionId);
      });
    }
  }

  for (const killAt of isFull ? [...abandoned, ...prepared] : ["after createJob", "after startSession"]) {
    test(`${killAt}, the same request finishes the start without a sweep`, async () => {
      const input = wish(source(killAt));
      const sessionId = await killStart(input, killAt, !isFull);
      await requireOne(input);
      assert.equal(await idOf(plane, input), sessionId);
    });
  }

  for (const killAt of isFull ? prepared : ["after markSessionPrepared", "before resumeJob"]) {
    test(`${killAt}, an attach finishes the start without a sweep`, async () => {
      const input = wish(source(killAt));
      const sessionId = await killStart(input, killAt, true);
      const { attach } = await handleAttachSession(plane.deps, call({ sessionId }));
      assert.ok(attach);
      assert.deepEqual(await partsOf(plane, sessionId), whole);
      await requireOne(input);
    });
  }

  test("before the session is prepared, an attach and a look clean up when its launcher cannot be alive any more", async () => {
    const inputs = [wish(), wish()] as const;
    const [attached, looked] = await Promise.all(inputs.map((input) => killStart(input, "after createSecret", false)));
    const fresh = await handleGetSession(plane.deps, call({ sessionId: looked! }));
    assert.equal(fresh.session.state, "queued");
    const attaching = handleAttachSession(plane.deps, call({ sessionId: attached! }));
    const told = assert.rejects(attaching, { code: "unavailable", message: /Try again/ });
    await Promise.all([age(plane, attached!), age(plane, looked!)]);
    await told;
    await assert.rejects(handleGetSession(plane.deps, call({ sessionId: looked! })), { code: "unavailable" });
    await Promise.all([requireGone(plane, attached!), requireGone(plane, looked!)]);
    await assert.rejects(handleGetSession(plane.deps, call({ sessionId: looked! })), { code: "not-found" });
    await Promise.all(inputs.map(requireOne));
  });

  test("a stop ends what was half started", async () => {
    for (const killAt of ["after createSecret", "after startSession"]) {
      const sessionId = await killStart(wish(), killAt, false);
      const { session } = await handleStopSession(plane.deps, call({ sessionId }));
      assert.equal(session.endReason, "stopped");
      await requireGone(plane, sessionId);
    }
  });

  test("of a stop, between row and Job, a sweep deletes the Job", async () => {
    const { session } = await handleCreateSession(plane.deps, call(wish()));
    const functions = startFunctionsProcess(plane);
    const stopping = functions.call("stopSession", { sessionId: session.id }, { killAt: "before deleteJob" });
    await assert.rejects(stopping, /the process has ended/);
    assert.equal((await plane.row(session.id))?.end_reason, "stopped");
    assert.deepEqual(await partsOf(plane, session.id), whole);
    await handleSweep(plane.deps, { jobAgeSeconds: 0 });
    await requireGone(plane, session.id);
  });
});

import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { after, before, suite, test } from "node:test";
import { handleCreateSession } from "../../src/createSession.ts";
import type { Deps } from "../../src/deps.ts";
import { handleStopSession } from "../../src/stopSession.ts";
import { around, call, type ControlPlane, eventually, idOf, requireGone, startControlPlane, wish } from "./support.ts";

let plane: ControlPlane;

/** Whatever the order was: the row is ended, the creator has been told so, and the cluster is empty of the session. */
async function requireStopped(answering: ReturnType<typeof handleCreateSession>, sessionId: string): Promise<void> {
  const { session, attach } = await answering;
  assert.equal(session.id, sessionId);
  // A create that was faster than the stop has answered before it.
  if (!attach) assert.deepEqual([session.state, session.endReason], ["ended", "stopped"]);
  const row = await plane.row(sessionId);
  assert.deepEqual([row?.state, row?.end_reason], ["ended", "stopped"]);
  await requireGone(plane, sessionId);
}

suite("a stop that races a start", () => {
  before(async () => {
    plane = await startControlPlane();
  });
  after(() => plane.stop());

  const moments = ["createJob", "createSecret", "resumeJob"].flatMap((step) => [`before ${step}`, `after ${step}`]);
  for (const moment of [...moments, "before followPod"]) {
    test(`${moment} leaves nothing`, async () => {
      const input = wish();
      let sessionId: string | undefined;
      const stopAt = async (now: string) => {
        if (now !== moment) return;
        sessionId = await idOf(plane, input);
        const { session } = await handleStopSession(plane.deps, call({ sessionId }));
        assert.equal(session.endReason, "stopped");
      };
      const deps: Deps = { ...plane.deps, cluster: around(plane.deps.cluster, stopAt) };
      const answering = handleCreateSession(deps, call(input));
      const { session, attach } = await answering;
      assert.deepEqual([session.state, session.endReason, attach], ["ended", "stopped", undefined]);
      await requireStopped(answering, sessionId!);
    });
  }

  test("in whatever order the cluster carries the steps out, leaves nothing", async () => {
    const steps = [
      { verb: "create", resource: "jobs" },
      { verb: "create", resource: "secrets" },
      { verb: "patch", resource: "jobs" },
      { verb: "delete", resource: "jobs" },
      { verb: "list", resource: "pods" },
    ];
    const rounds = 12;
    for (let round = 0; round < rounds; round++) {
      for (const match of steps) {
        plane.fail(match, { delayMilliseconds: randomInt(200) });
      }
    }
    const inputs = Array.from({ length: rounds }, () => wish());
    await Promise.all(
      inputs.map(async (input, index) => {
        const answering = handleCreateSession(plane.deps, call(input));
        const sessionId = await eventually(() => idOf(plane, input));
        // Twice at once, half of them as early as can be.
        if (index % 2 === 1)
          await eventually(async () => assert.notEqual((await plane.row(sessionId))?.state, "queued"));
        await Promise.all([1, 2].map(() => handleStopSession(plane.deps, call({ sessionId }))));
        await requireStopped(answering, sessionId);
      }),
    );
    const { jobs, secrets, pods } = await plane.count();
    assert.deepEqual({ jobs, secrets, pods }, { jobs: 0, secrets: 0, pods: 0 });
  });
});

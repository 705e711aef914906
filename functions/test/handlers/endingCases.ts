import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import type { Session } from "@cliscale/protocol";
import { handleAttachSession } from "../../src/attachSession.ts";
import { handleCreateSession } from "../../src/createSession.ts";
import { handleGetSession } from "../../src/getSession.ts";
import { jobName, runnerNamespace } from "../../src/kubernetes/jobManifest.ts";
import { handleStopSession } from "../../src/stopSession.ts";
import { call, type ControlPlane, eventually, requireGone, wish } from "./support.ts";

const namespace = runnerNamespace;
const labelled = (sessionId: string) => ({ namespace, labelSelector: `cliscale.dev/session=${sessionId}` });
const deleteJob = (plane: ControlPlane, sessionId: string) =>
  plane.jobs.deleteNamespacedJob({ namespace, name: jobName(sessionId), propagationPolicy: "Background" });

/** The session, once it has ended. */
function ended(plane: ControlPlane, sessionId: string): Promise<Session> {
  return eventually(async () => {
    const { session } = await handleGetSession(plane.deps, call({ sessionId }));
    assert.equal(session.state, "ended");
    return session;
  });
}

/** How a session ends, by its pod, by others in the cluster and by its owner; and who may see it. */
export function endingCases(plane: ControlPlane): void {
  const beforeReady = [
    { source: "template:exited", expected: { endReason: "exited", exitCode: 3, command: "cowsay" } },
    { source: "template:failed", expected: { endReason: "failed", message: /^The bundle has no program\.$/ } },
    { source: "template:garbage", expected: { endReason: "lost", message: /without saying how.*exit code 1/ } },
    { source: "template:nul", expected: { endReason: "lost", message: /without saying how.*exit code 1/ } },
    { source: "template:silent", expected: { endReason: "lost", message: /without saying how.*exit code 7/ } },
  ];
  for (const { source, expected } of beforeReady) {
    test(`a pod that ends before it is ready (${source}) ends the session as it says`, async () => {
      const { session, attach } = await handleCreateSession(plane.deps, call(wish(source)));
      assert.equal(attach, undefined);
      assert.equal(session.state, "ended");
      assert.ok(session.endedAt);
      const { message, ...rest } = expected as { message?: RegExp };
      assert.partialDeepStrictEqual(session, rest);
      if (message) assert.match(session.message ?? "", message);
    });
  }

  test("a Job that is deleted from outside while it starts is lost, and the waiting call is told", async () => {
    const waiting = call(wish("template:deaf"), { streaming: true });
    const answering = handleCreateSession(plane.deps, waiting);
    const sessionId = await eventually(async () => {
      assert.equal(waiting.chunks.at(-1)?.stage, "starting");
      return waiting.chunks[0]!.sessionId!;
    });
    await deleteJob(plane, sessionId);
    const { session } = await answering;
    assert.equal(session.endReason, "lost");
    assert.ok(session.message);
  });

  test("a Job that is deleted from outside while it is ready is lost", async () => {
    const { session } = await handleCreateSession(plane.deps, call(wish()));
    await deleteJob(plane, session.id);
    const { endReason, message } = await ended(plane, session.id);
    assert.equal(endReason, "lost");
    assert.ok(message);
    await requireGone(plane, session.id);
  });

  test("a pod that is deleted from outside is lost, and an attach says that the session has ended", async () => {
    const { session } = await handleCreateSession(plane.deps, call(wish()));
    const pods = await plane.core.listNamespacedPod(labelled(session.id));
    await plane.core.deleteNamespacedPod({ namespace, name: pods.items[0]!.metadata!.name! });
    const { endReason, message } = await ended(plane, session.id);
    assert.equal(endReason, "lost");
    assert.ok(message);
    await assert.rejects(handleAttachSession(plane.deps, call({ sessionId: session.id })), {
      code: "failed-precondition",
      message: /Start a new one/,
    });
  });

  test("an attach that finds the pod gone answers with the ended session and no token", async () => {
    const { session } = await handleCreateSession(plane.deps, call(wish()));
    await deleteJob(plane, session.id);
    await requireGone(plane, session.id);
    const answer = await handleAttachSession(plane.deps, call({ sessionId: session.id }));
    assert.deepEqual([answer.session.endReason, answer.attach], ["lost", undefined]);
  });

  test("a stop may be repeated, and changes nothing of a session that has ended", async () => {
    const { session } = await handleCreateSession(plane.deps, call(wish("template:exited")));
    const stopped = await handleStopSession(plane.deps, call({ sessionId: session.id }));
    assert.deepEqual(stopped.session, session);

    const { session: live } = await handleCreateSession(plane.deps, call(wish()));
    const own = { sessionId: live.id };
    const first = await handleStopSession(plane.deps, call(own));
    assert.deepEqual([first.session.state, first.session.endReason], ["ended", "stopped"]);
    const all = await Promise.all([1, 2, 3].map(() => handleStopSession(plane.deps, call(own))));
    for (const again of all) assert.deepEqual(again, first);
    await requireGone(plane, live.id);
  });

  test("another user's session is as one that is not there, in every call", async () => {
    const { session } = await handleCreateSession(plane.deps, call(wish()));
    const missing = { code: "not-found", message: "There is no such session." };
    for (const handle of [handleAttachSession, handleGetSession, handleStopSession]) {
      await assert.rejects(handle(plane.deps, call({ sessionId: session.id }, { uid: "eve" })), missing);
      await assert.rejects(handle(plane.deps, call({ sessionId: randomUUID() })), missing);
    }
    const found = await handleGetSession(plane.deps, call({ sessionId: session.id }));
    assert.equal(found.session.state, "ready");
  });

  test("another user's request of the same id is a session of their own", async () => {
    const input = wish("template:exited");
    const mine = await handleCreateSession(plane.deps, call(input));
    const theirs = await handleCreateSession(plane.deps, call(input, { uid: "eve" }));
    assert.notEqual(mine.session.id, theirs.session.id);
  });
}

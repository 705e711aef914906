import assert from "node:assert/strict";
import { after, afterEach, before, suite, test } from "node:test";
import type { Dependency } from "@cliscale/protocol";
import { handleCreateSession } from "../../src/createSession.ts";
import type { Deps } from "../../src/deps.ts";
import { DependencyError, toHttpsError } from "../../src/http/errors.ts";
import { handleStopSession } from "../../src/stopSession.ts";
import { handleSweep } from "../../src/sweepSessions.ts";
import { startFunctionsProcess } from "./functionsProcess.ts";
import {
  around,
  call,
  type ControlPlane,
  eventually,
  partsOf,
  requireGone,
  startControlPlane,
  whole,
  wish,
} from "./support.ts";

let plane: ControlPlane;

/** Requests that a call makes in all where the API goes on failing, with its retries. */
const attempts = 5;
/** Lists in a row that may fail before a pod is given up. */
const lists = 4;

const jobCreation = { verb: "create", resource: "jobs" };
const secretCreation = { verb: "create", resource: "secrets" };
const resumption = { verb: "patch", resource: "jobs" };
const podList = { verb: "list", resource: "pods" };
const podWatch = { verb: "watch", resource: "pods" };
const jobDeletion = { verb: "delete", resource: "jobs" };
const nameOf = ({ verb, resource }: typeof jobCreation) => `${verb} ${resource}`;

/** Faults after which the API answers again. */
const passing = {
  "409": { error: { code: 409, reason: "Conflict" } },
  "429 with Retry-After": { error: { code: 429, reason: "TooManyRequests", retryAfterSeconds: 1 } },
  "500": { error: { code: 500 } },
  "a truncated body": { cut: "midBody" },
  "a connection cut, the step done": { cut: "beforeResponse" },
  "a connection cut, nothing done": { cut: "beforeRequest" },
};

/** The call fails for this dependency, says so to its caller, and leaves as much as there was before. */
async function requireClean(dependency: Dependency, failing: () => Promise<unknown>): Promise<void> {
  const countBefore = await plane.count();
  await assert.rejects(failing(), (error) => {
    assert.ok(error instanceof DependencyError, String(error));
    assert.equal(error.dependency, dependency);
    const { code, details, message } = toHttpsError(error);
    assert.deepEqual([code, details], ["unavailable", { dependency }]);
    assert.match(message, /cannot be reached/);
    return true;
  });
  await eventually(async () => assert.deepEqual(await plane.count(), countBefore));
}

const create = (deps: Deps = plane.deps) => handleCreateSession(deps, call(wish()));

/** The start succeeds all the same, and has made of everything one. A pod that ends at once saves waiting for its probe. */
async function requireStarted(deps = plane.deps, source = "template:exited"): Promise<void> {
  const { session, attach } = await handleCreateSession(deps, call(wish(source)));
  if (source === "template:exited") assert.deepEqual([session.endReason, session.exitCode], ["exited", 3]);
  else assert.ok(attach);
  assert.deepEqual(await partsOf(plane, session.id), whole);
  await handleStopSession(plane.deps, call({ sessionId: session.id }));
  await requireGone(plane, session.id);
}

/** Dependencies that do not wait long for Kubernetes. */
const impatient = (): Deps => ({ ...plane.deps, cluster: plane.clusterAt(plane.kubernetes.url, 1_000) });

/** The stop succeeds, whatever becomes of the Job. */
async function stop(deps: Deps, fault: object, times: number): Promise<string> {
  const { session } = await create();
  plane.fail(jobDeletion, fault, times);
  const stopped = await handleStopSession(deps, call({ sessionId: session.id }));
  assert.equal(stopped.session.endReason, "stopped");
  return session.id;
}

suite("a fault of Kubernetes in a start", () => {
  before(async () => {
    plane = await startControlPlane();
  });
  // A start that is quick leaves some faults of its watches.
  afterEach(() => plane.clearFaults());
  after(() => plane.stop());

  for (const match of [jobCreation, secretCreation, resumption, podList, podWatch]) {
    for (const code of [401, 403]) {
      test(`${code} at ${nameOf(match)} is not tried again, and leaves nothing behind`, async () => {
        plane.fail(match, { error: { code } });
        await requireClean("kubernetes", create);
      });
    }
  }

  for (const match of [jobCreation, secretCreation, resumption, podList]) {
    for (const [what, fault] of Object.entries(passing)) {
      test(`${what} at ${nameOf(match)} is survived`, async () => {
        plane.fail(match, fault);
        const began = performance.now();
        await requireStarted();
        const waited = performance.now() - began;
        if (what === "429 with Retry-After") assert.ok(waited >= 1000, `Retry-After was heeded: ${waited} ms`);
      });
    }

    test(`500 at ${nameOf(match)} that lasts leaves nothing behind`, async () => {
      plane.fail(match, { error: { code: 500 } }, match === podList ? attempts * lists : attempts);
      await requireClean("kubernetes", create);
    });
  }

  for (const match of [jobCreation, secretCreation, resumption]) {
    test(`429 at ${nameOf(match)} that asks for more patience than a call has fails at once`, async () => {
      plane.fail(match, { error: { code: 429, retryAfterSeconds: 30 } });
      const began = performance.now();
      await requireClean("kubernetes", create);
      assert.ok(performance.now() - began < 8_000);
    });

    test(`a hang at ${nameOf(match)} ends by the deadline, and leaves nothing behind`, async () => {
      plane.fail(match, { hang: true });
      await requireClean("kubernetes", () => create(impatient()));
    });
  }

  test("a hang of a list of pods is survived", async () => {
    plane.fail(podList, { hang: true });
    await requireStarted(impatient());
  });

  const watchFaults = {
    "409": { error: { code: 409 } },
    "429 with Retry-After": { error: { code: 429, retryAfterSeconds: 1 } },
    "500": { error: { code: 500 } },
    "a cut at its first event": { cut: "watch" },
    "a cut before it begins": { cut: "beforeRequest" },
  };
  for (const [what, fault] of Object.entries(watchFaults)) {
    test(`watches that suffer ${what} are survived`, async () => {
      plane.fail(podWatch, fault, 2);
      await requireStarted(plane.deps, "template:listen");
    });
  }

  test("watches that never begin do not hold up a start", async () => {
    plane.fail(podWatch, { hang: true }, 2);
    const began = performance.now();
    await requireStarted(plane.deps, "template:listen");
    assert.ok(performance.now() - began < 15_000, "far from the 30 s after which the network would give up");
  });

  test("a watch that never begins does not hold up a caller that leaves", { timeout: 10_000 }, async () => {
    plane.fail(podWatch, { hang: true });
    const leaving = call(wish("template:deaf"));
    const leaveSoon = async (moment: string) =>
      moment === "before followPod" ? void setTimeout(() => leaving.leave(), 500) : undefined;
    const deps = { ...plane.deps, cluster: around(plane.deps.cluster, leaveSoon) };
    const { session } = await handleCreateSession(deps, leaving);
    assert.equal(session.state, "starting");
    await handleStopSession(plane.deps, call({ sessionId: session.id }));
    await requireGone(plane, session.id);
  });

  test("Cloud KMS that refuses to sign the token leaves nothing behind", async () => {
    plane.kms.inject({ method: "AsymmetricSign", error: { code: "PERMISSION_DENIED" } });
    await requireClean("kms", create);
  });
});

suite("a fault of Kubernetes in a stop", () => {
  before(async () => {
    plane = await startControlPlane();
  });
  after(() => plane.stop());

  for (const [what, fault] of Object.entries(passing)) {
    test(`${what} is survived`, async () => {
      await requireGone(plane, await stop(plane.deps, fault, 1));
    });
  }

  const lasting = {
    "401": { fault: { error: { code: 401 } }, times: 1 },
    "403": { fault: { error: { code: 403 } }, times: 1 },
    "500 that lasts": { fault: { error: { code: 500 } }, times: attempts },
    "429 that asks for much patience": { fault: { error: { code: 429, retryAfterSeconds: 30 } }, times: 1 },
  };
  for (const [what, { fault, times }] of Object.entries(lasting)) {
    test(`${what} leaves the Job to the sweep`, async () => {
      const sessionId = await stop(plane.deps, fault, times);
      assert.deepEqual(await partsOf(plane, sessionId), whole);
      assert.equal((await handleSweep(plane.deps)).jobsDeleted, 1);
      await requireGone(plane, sessionId);
    });
  }

  test("a hang ends by the deadline", async () => {
    await requireGone(plane, await stop(impatient(), { hang: true }, 1));
  });

  test("a refusal is told to the log, with what was refused", async () => {
    const functions = startFunctionsProcess(plane);
    try {
      plane.fail(jobCreation, { error: { code: 403, reason: "Forbidden", message: "jobs are forbidden" } });
      await assert.rejects(functions.call("createSession", wish()), { name: "CallError", code: "unavailable" });
      const lines = functions.log().split("\n").filter(Boolean);
      const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      const event = events.find(({ code }) => code === "KUBERNETES_REFUSED");
      assert.partialDeepStrictEqual(event, {
        severity: "ERROR",
        status: 403,
        method: "POST",
        path: "/apis/batch/v1/namespaces/cliscale-runners/jobs",
        reason: "Forbidden",
        cause: "jobs are forbidden",
      });
    } finally {
      await functions.kill();
    }
  });
});

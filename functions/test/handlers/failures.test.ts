import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { Dependency } from "@cliscale/protocol";
import { handleCreateSession } from "../../src/createSession.ts";
import type { Deps } from "../../src/deps.ts";
import { DependencyError, toHttpsError } from "../../src/http/errors.ts";
import { around, call, type ControlPlane, eventually, startControlPlane, wish } from "./support.ts";

let plane: ControlPlane;

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

suite("a failing step", () => {
  before(async () => {
    plane = await startControlPlane();
  });
  after(() => plane.stop());

  const steps = [
    { verb: "create", resource: "jobs" },
    { verb: "create", resource: "secrets" },
    { verb: "patch", resource: "jobs" },
  ];
  for (const match of steps) {
    for (const code of [403, 429, 500]) {
      test(`${code} at ${match.verb} ${match.resource} leaves nothing behind`, async () => {
        plane.fail(match, { error: { code } });
        await requireClean("kubernetes", create);
      });
    }
    test(`a connection cut at ${match.verb} ${match.resource}, the step done, leaves nothing behind`, async () => {
      plane.fail(match, { cut: "beforeResponse" });
      await requireClean("kubernetes", create);
    });
  }

  test("a pod that cannot be followed at all leaves nothing behind", async () => {
    plane.fail({ verb: "list", resource: "pods" }, { error: { code: 500 } }, 4);
    await requireClean("kubernetes", create);
  });

  test("a watch that never begins does not hold up a caller that leaves", { timeout: 10_000 }, async () => {
    plane.fail({ verb: "watch" }, { hang: true });
    const leaving = call(wish("template:deaf"));
    const leaveSoon = async (moment: string) =>
      moment === "before followPod" ? void setTimeout(() => leaving.leave(), 500) : undefined;
    const deps = { ...plane.deps, cluster: around(plane.deps.cluster, leaveSoon) };
    const { session } = await handleCreateSession(deps, leaving);
    assert.equal(session.state, "starting");
  });

  test("Cloud KMS that refuses to sign the token leaves nothing behind", async () => {
    plane.kms.inject({ method: "AsymmetricSign", error: { code: "PERMISSION_DENIED" } });
    await requireClean("kms", create);
  });

  // The last: a start that is quick leaves some of these faults for whoever follows.
  test("lists and watches that fail now and then are survived", async () => {
    for (const fault of [{ error: { code: 429 } }, { cut: "midBody" }]) {
      plane.fail({ verb: "list", resource: "pods" }, fault);
    }
    plane.fail({ verb: "watch" }, { error: { code: 503 } });
    plane.fail({ verb: "watch" }, { cut: "watch" }, 2);
    assert.ok((await create()).attach);
  });
});

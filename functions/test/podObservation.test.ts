import assert from "node:assert/strict";
import { test } from "node:test";
import type { V1ContainerState, V1Pod } from "@kubernetes/client-node";
import { observePod } from "../src/kubernetes/podObservation.ts";

const at = new Date("2026-01-01T12:00:01Z");

function pod(state: V1ContainerState, phase = "Running"): V1Pod {
  const container = { name: "runner", image: "runner", imageID: "", ready: false, restartCount: 0, state };
  return { status: { phase, podIP: "10.0.0.7", containerStatuses: [container] } };
}

const terminated = (message: string, exitCode = 1) =>
  observePod(pod({ terminated: { exitCode, message, reason: "Error" } })).ending;

test("a ready pod tells where its terminal is, and when it got there", () => {
  const ready = pod({ running: { startedAt: at } });
  ready.status!.conditions = [
    { type: "PodScheduled", status: "True", lastTransitionTime: at },
    { type: "Ready", status: "True", lastTransitionTime: at },
  ];
  assert.deepEqual(observePod(ready), { scheduledAt: at, startedAt: at, readyIp: "10.0.0.7" });
});

test("a pod that waits says for what, but not while all is as usual", () => {
  assert.equal(observePod(pod({ waiting: { reason: "ContainerCreating" } }, "Pending")).waiting, undefined);
  assert.equal(
    observePod(pod({ waiting: { reason: "ImagePullBackOff", message: "no such image" } }, "Pending")).waiting,
    "ImagePullBackOff: no such image",
  );
  const unschedulable = pod({}, "Pending");
  unschedulable.status!.conditions = [
    { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3 nodes are available" },
  ];
  assert.equal(observePod(unschedulable).waiting, "Unschedulable: 0/3 nodes are available");
});

test("the runner's own words decide how the session ended", () => {
  assert.deepEqual(terminated('{"outcome":"exited","exitCode":3,"command":"cowsay"}', 3), {
    reason: "exited",
    exitCode: 3,
    command: "cowsay",
  });
  assert.deepEqual(terminated('{"outcome":"failed","message":"no such package"}'), {
    reason: "failed",
    message: "no such package",
  });
});

for (const [what, message] of Object.entries({
  nothing: "",
  "no JSON": "oops",
  "an exit code out of range": '{"outcome":"exited","exitCode":4000000000}',
  "an outcome of its own": '{"outcome":"stopped"}',
  "an endless message": JSON.stringify({ outcome: "failed", message: "x".repeat(2000) }),
})) {
  test(`a hostile pod that writes ${what} is lost, in Kubernetes' words`, () => {
    assert.deepEqual(terminated(message, 137), {
      reason: "lost",
      message: "The pod ended without saying how: Error (exit code 137).",
    });
  });
}

test("a pod that failed before its program ran is lost, in Kubernetes' words", () => {
  assert.deepEqual(
    observePod({ status: { phase: "Failed", reason: "Evicted", message: "The node was low on memory" } }).ending,
    {
      reason: "lost",
      message: "The pod ended without saying how: The node was low on memory.",
    },
  );
});

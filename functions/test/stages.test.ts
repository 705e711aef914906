import assert from "node:assert/strict";
import { test } from "node:test";
import type { StageEvent } from "@cliscale/protocol";
import type { V1Pod } from "@kubernetes/client-node";
import { createStageReporter } from "../src/sessions/stages.ts";
import { sessionRow } from "./support/sessionRow.ts";

const time = (second: number) => new Date(Date.UTC(2026, 0, 1, 12) + second * 1000);

function collect() {
  const events: StageEvent[] = [];
  return { events, reporter: createStageReporter((event) => Promise.resolve(events.push(event))) };
}

const container = { name: "runner", image: "", imageID: "", ready: true, restartCount: 0 };

const runningPod: V1Pod = {
  status: {
    conditions: [{ type: "PodScheduled", status: "True", lastTransitionTime: time(2) }],
    containerStatuses: [
      {
        name: "runner",
        image: "",
        imageID: "",
        ready: true,
        restartCount: 0,
        state: { running: { startedAt: time(3) } },
      },
    ],
  },
};

test("each stage is told once, in order, with its own time, however late it is seen", async () => {
  const { events, reporter } = collect();
  await reporter.report(sessionRow({ created_at: time(0) }), undefined);
  assert.deepEqual(events, [{ stage: "queued", at: time(0).toISOString(), sessionId: sessionRow().id }]);

  const ready = sessionRow({ created_at: time(0), started_at: time(1), ready_at: time(4), state: "ready" });
  await reporter.report(ready, runningPod);
  await reporter.report(ready, runningPod);
  assert.deepEqual(
    events.map(({ stage, at }) => [stage, at]),
    ["queued", "scheduling", "pulling", "starting", "ready"].map((stage, second) => [
      stage,
      time(second).toISOString(),
    ]),
  );
});

test("times never run backwards, although Kubernetes rounds them down", async () => {
  const { events, reporter } = collect();
  const ready = sessionRow({ created_at: time(2.5), started_at: time(2.7), ready_at: time(4), state: "ready" });
  await reporter.report(ready, runningPod);
  assert.deepEqual(
    events.map(({ at }) => at),
    [2.5, 2.7, 2.7, 3, 4].map((second) => time(second).toISOString()),
  );
});

test("a session that ended while starting has no later stages", async () => {
  const { events, reporter } = collect();
  await reporter.report(sessionRow({ started_at: time(1), state: "ended", end_reason: "stopped" }), undefined);
  assert.deepEqual(
    events.map(({ stage }) => stage),
    ["queued", "scheduling"],
  );
});

test("what a pod waits for is told in words, once", async () => {
  const { events, reporter } = collect();
  const starting = sessionRow({ started_at: time(1), state: "starting" });
  const waiting: V1Pod = {
    status: {
      containerStatuses: [
        {
          ...container,
          state: { waiting: { reason: "ErrImagePull", message: "not found" } },
        },
      ],
    },
  };
  await reporter.report(starting, waiting);
  await reporter.report(starting, waiting);
  assert.deepEqual(
    events.map(({ stage, message }) => [stage, message]),
    [
      ["queued", undefined],
      ["scheduling", undefined],
      ["scheduling", "ErrImagePull: not found"],
    ],
  );
});

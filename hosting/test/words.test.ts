import assert from "node:assert/strict";
import { test } from "node:test";
import { CallError } from "@cliscale/client";
import type { EndReason, Session } from "@cliscale/protocol";
import { causeInWords, durationInWords, endInWords, errorInWords, stageInWords } from "../src/session/words.ts";

function ended(endReason: EndReason, fields: Partial<Session> = {}): Session {
  return {
    id: "0b8f9f3e-6a0b-4c1d-9a43-0d2b7c1e5f60",
    state: "ended",
    endReason,
    bundle: { source: "template:shell" },
    createdAt: "",
    expiresAt: "",
    idleSeconds: 1800,
    ...fields,
  };
}

for (const [what, words] of [
  [{ exit: { exitCode: 0 } }, ["exited", 0, "The command has ended with exit code 0."]],
  [
    { exit: { exitCode: 143, signal: "SIGTERM" } },
    ["exited", 143, "The command was ended by SIGTERM (exit code 143)."],
  ],
  [{ session: ended("exited", { exitCode: 7 }) }, ["exited", 7, "The command has ended with exit code 7."]],
  [{ session: ended("stopped"), closeCode: 4404 }, ["stopped", undefined, "The session was stopped."]],
  [{ session: ended("idle") }, ["idle", undefined, "The session ended after 30 minutes without activity."]],
  [
    { session: ended("failed", { message: "No such package." }) },
    ["failed", undefined, "The command never ran. No such package."],
  ],
  [{ session: ended("lost", { message: "The pod vanished." }) }, ["lost", undefined, "The pod vanished."]],
  [
    { error: new CallError("not-found", "There is no such session.") },
    ["not-found", undefined, "There is no such session."],
  ],
  [
    { closeCode: 4403 },
    ["refused", undefined, "The gateway does not admit this page. Ask the operator to allow its address."],
  ],
  [{ closeCode: 1000 }, ["unknown", undefined, "The session has ended."]],
] as const) {
  test(`an end reads: ${words[2]} (${Object.keys(what).join()})`, () => {
    const { reason, exitCode, sentence } = endInWords(what);
    assert.deepEqual([reason, exitCode, sentence], words);
  });
}

test("errors say when to try again, causes what happened, stages what is waited for", () => {
  const limited = new CallError("resource-exhausted", "You have 5 sessions.", { retryAfterSeconds: 60 });
  assert.equal(errorInWords(limited), "You have 5 sessions. Try again in 60 seconds.");
  assert.equal(causeInWords({ error: limited }), "You have 5 sessions.");
  assert.equal(causeInWords({ closeCode: 1012 }), "The gateway restarts.");
  assert.equal(causeInWords({ closeCode: 1006 }), "Connection lost.");
  assert.equal(stageInWords({ stage: "queued", at: "", position: 3 }), "Waiting for a free place, number 3 in line.");
  assert.equal(
    stageInWords({ stage: "pulling", at: "", message: "No node fits." }),
    "Loading the image. No node fits.",
  );
  assert.deepEqual([1, 119, 120, 5400, 28_800].map(durationInWords), [
    "1 second",
    "119 seconds",
    "2 minutes",
    "90 minutes",
    "8 hours",
  ]);
});

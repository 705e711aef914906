import assert from "node:assert/strict";
import { test } from "node:test";
import { CallError } from "@cliscale/client";
import type { EndReason, Session } from "@cliscale/protocol";
import { type NextEnd, nextEnd } from "../src/session/nextEnd.ts";
import { endFacts } from "../src/session/endFacts.ts";
import {
  attachedInWords,
  causeInWords,
  clockDuration,
  durationInWords,
  endInWords,
  errorInWords,
  reattachingInWords,
} from "../src/session/words.ts";
import { stageInWords } from "../src/session/stageWords.ts";

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
  [
    { session: ended("exited", { exitCode: 137 }) },
    ["exited", 137, "The command was ended by SIGKILL (exit code 137), as happens when memory runs out."],
  ],
  [{ session: ended("exited", { exitCode: 127 }) }, ["exited", 127, "The command was not found (exit code 127)."]],
  [{ session: ended("stopped"), closeCode: 4404 }, ["stopped", undefined, "The session was stopped."]],
  [{ session: ended("idle") }, ["idle", undefined, "The session ended after 30 minutes without activity."]],
  [
    { session: ended("failed", { message: "No such package." }) },
    ["failed", undefined, "The command never ran. No such package."],
  ],
  [{ session: ended("lost", { message: "The pod vanished." }) }, ["lost", undefined, "The pod vanished."]],
  [
    { session: ended("lost", { message: "The pod ended without saying how: OOMKilled." }) },
    ["lost", undefined, "The session ran out of memory, and everything in it was ended."],
  ],
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

const after = (seconds: number, message?: string) =>
  stageInWords({ stage: "scheduling", at: "", ...(message && { message }) }, seconds * 1000);

test("a start that takes long says what it waits for, and when that is more than usual", () => {
  assert.equal(after(-3), "Looking for a machine.");
  assert.equal(after(14), "Looking for a machine.");
  assert.match(after(15), /^A machine has to start first, which usually takes 80 to 120 seconds\.$/);
  assert.match(after(149, "No node fits."), /^A machine has to start first.* No node fits\.$/);
  assert.match(after(150), /longer than usual.*also if you leave this page/);
  assert.match(stageInWords({ stage: "queued", at: "", position: 7 }, 600_000), /number 7 in line/);
});

const facts = (...args: Parameters<typeof endFacts>) => endFacts(...args).filter(([name]) => name !== "Ended");

test("durations are told to the second, and the facts of an end with them", () => {
  assert.deepEqual([0, 999, 61_000, 3_600_000, 3_723_000].map(clockDuration), [
    "0 s",
    "1 s",
    "1 min 1 s",
    "1 h",
    "1 h 2 min 3 s",
  ]);
  const times = { readyAt: "2026-01-01T10:00:00.000Z", endedAt: "2026-01-01T10:01:05.000Z" };
  const now = new Date("2026-01-01T10:00:30.000Z");
  assert.deepEqual(facts({}, ended("exited", { ...times, exitCode: 143 }), now), [
    ["Exit code", "143"],
    ["Signal", "SIGTERM"],
    ["Reason", "a signal ended the command"],
    ["Ran for", "1 min 5 s"],
  ]);
  const { endReason: _, ...running } = ended("lost", { state: "ready", readyAt: times.readyAt });
  assert.deepEqual(facts({ exit: { exitCode: 0 } }, running, now), [
    ["Exit code", "0"],
    ["Reason", "the command ended by itself"],
    ["Ran for", "30 s"],
  ]);
  assert.deepEqual(facts({ error: new CallError("not-found", "There is no such session.") }, undefined, now), []);
});

const at = (minutes: number) => new Date(minutes * 60_000).toISOString();
const minutes = (end: NextEnd) => [end.cause, end.at / 60_000, end.warnAt / 60_000];

test("a session is warned of two minutes before its lifetime ends or it has been idle, whichever comes first", () => {
  const session = (fields: Partial<Session>) => ({ ...ended("lost"), expiresAt: at(60), ...fields });
  assert.deepEqual(minutes(nextEnd(session({ idleSeconds: 0 }))), ["lifetime", 60, 58]);
  assert.deepEqual(minutes(nextEnd(session({ idleAt: at(40) }))), ["idle", 40, 38]);
  assert.deepEqual(minutes(nextEnd(session({ idleAt: at(61) }))), ["lifetime", 60, 58]);
  assert.deepEqual(minutes(nextEnd(session({ idleAt: at(40), idleSeconds: 60 }))), ["idle", 40, 39.5]);
  // This page knows of its own typing before the service tells of it.
  assert.deepEqual(minutes(nextEnd(session({ idleAt: at(40), idleSeconds: 600 }), 35 * 60_000)), ["idle", 45, 43]);
});

test("a tab that is attached, or attaches again, says what happened to what was typed, and when it goes on", () => {
  assert.equal(attachedInWords({ name: "attached", controller: true }), "Attached.");
  assert.equal(
    attachedInWords({ name: "attached", controller: false, inputLost: true }),
    "Attached. What you typed last was not sent. Another window sets the size; type here to take over.",
  );
  const cause = { closeCode: 1012 };
  assert.equal(
    reattachingInWords({ name: "reattaching", cause, inputLost: true }),
    "The gateway restarts. What you typed last was not sent. Next try ",
  );
  assert.equal(
    reattachingInWords({ name: "reattaching", cause: { closeCode: 1006 }, whenShown: true }),
    "Connection lost. It attaches again when this tab is shown.",
  );
});

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { attach } from "../src/socket.ts";
import { leftProcesses, processesOf } from "../src/processes.ts";
import { startTestStack, type TestStack } from "../src/stack.ts";
import { signInDemo, signUp } from "../src/user.ts";

/** Each part by a piece of its command line, and whether the sessions that run survive its death. */
const parts = [
  { name: "firebase emulators", command: "firebase-tools/lib/bin/firebase.js" },
  { name: "gateway", command: "gateway/src/main.ts" },
  { name: "Kubernetes stand-in", command: "local/src/kubernetes/main.ts" },
  { name: "PostgreSQL", command: "bin/postgres -D" },
  { name: "PostgreSQL's keeper", command: "local/src/postgres/main.ts" },
  { name: "Cloud KMS stand-in", command: "local/src/kms/main.ts" },
  { name: "Cloud Scheduler stand-in", command: "local/src/scheduler/main.ts" },
  { name: "emulators' keeper", command: "local/src/firebase/main.ts" },
  { name: "stack", command: "node packages/local/src/main.ts" },
  { name: "npm's child", command: "toolchain/run.mjs" },
];

/** Two of the ten at the small size: the one that holds users, and the one that holds everything. */
const chosen =
  process.env["CLISCALE_TEST_SIZE"] === "full" ? parts : parts.filter(({ name }) => /^(firebase|stack)/.test(name));
let stack: TestStack | undefined;

after(async () => {
  await stack?.remove();
});

for (const { name, command } of chosen) {
  test(`after SIGKILL of the ${name} and a stop, no process is left, and the next start has everything`, async () => {
    stack = await startTestStack(stack && { stateDir: stack.stateDir });
    const user = await signInDemo(stack);
    const { session } = await user.client.createSession({
      bundle: { source: "template:shell" },
      command: "sleep 1000",
    });
    const newcomer = await signUp(stack);
    // The users are written down a moment after they have changed.
    await delay(5_000);

    const victim = (await processesOf(stack)).find((entry) => entry.command.includes(command));
    assert.ok(victim, `there is no ${name}`);
    process.kill(victim.pid, "SIGKILL");
    await delay(1_000);
    await stack.stop();
    assert.deepEqual(await leftProcesses(stack), []);

    const { stateDir, demo } = stack;
    stack = await startTestStack({ stateDir });
    assert.deepEqual(stack.demo, demo);
    const again = await signInDemo(stack);
    assert.equal(again.uid, user.uid);
    assert.equal((await newcomer.signInAgain(stack)).uid, newcomer.uid);
    assert.equal((await again.client.getSession(session.id)).session.endReason, "lost");
    const fresh = await again.client.createSession({ bundle: { source: "template:shell" }, command: "echo alive" });
    const socket = await attach(fresh.attach!);
    await socket.until(/alive/);
    await stack.stop();
    assert.deepEqual(await leftProcesses(stack), []);
  });
}

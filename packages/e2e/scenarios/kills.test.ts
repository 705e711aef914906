import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { attach } from "../src/socket.ts";
import { type FoundProcess, isGateway, leftProcesses, processesOf } from "../src/processes.ts";
import { startTestStack, type TestStack } from "../src/stack.ts";
import { signInDemo, signUp } from "../src/user.ts";
import { eventually } from "../src/world.ts";

const by =
  (piece: string) =>
  ({ command }: FoundProcess) =>
    command.includes(piece);

/** Each part, and how its process is known. */
const parts = [
  { name: "firebase emulators", isIt: by("firebase-tools/lib/bin/firebase.js") },
  { name: "gateway", isIt: isGateway },
  { name: "Kubernetes stand-in", isIt: by("local/src/kubernetes/main.ts") },
  { name: "PostgreSQL", isIt: by("bin/postgres -D") },
  { name: "PostgreSQL's keeper", isIt: by("local/src/postgres/main.ts") },
  { name: "Cloud KMS stand-in", isIt: by("local/src/kms/main.ts") },
  { name: "Cloud Scheduler stand-in", isIt: by("local/src/scheduler/main.ts") },
  { name: "emulators' keeper", isIt: by("local/src/firebase/main.ts") },
  { name: "stack", isIt: by("node packages/local/src/main.ts") },
  { name: "npm's child", isIt: by("toolchain/run.mjs") },
];

/** Two of the ten at the small size: the one that holds users, and the one that holds everything. */
const chosen =
  process.env["CLISCALE_TEST_SIZE"] === "full" ? parts : parts.filter(({ name }) => /^(firebase|stack)/.test(name));
let stack: TestStack;

before(async () => {
  stack = await startTestStack();
});

after(async () => {
  await stack?.remove();
});

for (const { name, isIt } of chosen) {
  test(`after SIGKILL of the ${name} and a stop, no process is left, and the next start has everything`, async () => {
    const user = await signInDemo(stack);
    const { session } = await user.client.createSession({
      bundle: { source: "template:shell" },
      command: "sleep 1000",
    });
    const newcomer = await signUp(stack);
    const users = join(stack.stateDir, "firebase/users/auth_export/accounts.json");
    await eventually(async () => assert.ok((await readFile(users, "utf8")).includes(newcomer.uid)));

    const victim = (await processesOf(stack)).find(isIt);
    assert.ok(victim, `there is no ${name}`);
    process.kill(victim.pid, "SIGKILL");
    await delay(1_000);
    await stack.stop();
    assert.deepEqual(await leftProcesses(stack), []);

    // The next part is killed in this one.
    const { stateDir, demo } = stack;
    stack = await startTestStack({ stateDir });
    assert.deepEqual(stack.demo, demo);
    const again = await signInDemo(stack);
    assert.equal(again.uid, user.uid);
    assert.equal((await newcomer.signInAgain(stack)).uid, newcomer.uid);
    await eventually(async () => {
      assert.equal((await again.client.getSession(session.id)).session.endReason, "lost");
    });
    const fresh = await again.client.createSession({ bundle: { source: "template:shell" }, command: "echo alive" });
    const socket = await attach(fresh.attach!);
    await socket.until(/alive/);
  });
}

test("a stop of the one that started again leaves no process", async () => {
  await stack.stop();
  assert.deepEqual(await leftProcesses(stack), []);
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { attach } from "../src/socket.ts";
import { leftProcesses, processesOf } from "../src/processes.ts";
import { spawnNpmStart, startTestStack, type TestStack } from "../src/stack.ts";
import { signInDemo } from "../src/user.ts";
import { eventually } from "../src/world.ts";

let stack: TestStack;

after(async () => {
  await stack?.remove();
});

test("SIGTERM and SIGINT stop everything, pods included, and users are still there at the next start", async () => {
  stack = await startTestStack();
  const { idToken, client } = await signInDemo(stack);
  assert.ok(idToken);
  const answer = await client.createSession({ bundle: { source: "template:shell" }, command: "sleep 1000" });
  const socket = await attach(answer.attach!);
  assert.ok((await processesOf(stack)).some(({ command }) => command.includes("runner/src/main.ts")));

  // The second one, as an impatient person sends it, changes nothing.
  const stopped = stack.stop("SIGTERM");
  stack.process.kill("SIGTERM");
  assert.equal(await stopped, 0);
  await socket.closed;
  assert.deepEqual(await leftProcesses(stack), []);

  const { password } = stack.demo;
  stack = await startTestStack({ stateDir: stack.stateDir });
  assert.equal(stack.demo.password, password);
  const again = await signInDemo(stack);
  await eventually(async () => {
    const { session } = await again.client.getSession(answer.session.id);
    assert.equal(session.endReason, "lost");
    assert.ok(session.message);
  });

  assert.equal(await stack.stop("SIGINT"), 0);
  assert.deepEqual(await leftProcesses(stack), []);
});

test("a taken port is named with its variable, and nothing is started", async () => {
  const squatter = createServer().listen(0, "127.0.0.1");
  await once(squatter, "listening");
  const address = squatter.address();
  assert.ok(typeof address === "object" && address);
  const env = { ...stack.env, CLISCALE_KMS_PORT: String(address.port) };
  const child = spawnNpmStart(env);
  const [message, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  squatter.close();
  assert.equal(code, 1);
  assert.match(
    message,
    new RegExp(`127\\.0\\.0\\.1:${address.port}, for the Cloud KMS stand-in: set CLISCALE_KMS_PORT`),
  );
  assert.deepEqual(await leftProcesses(stack), []);
});

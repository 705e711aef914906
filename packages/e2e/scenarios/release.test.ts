// `npm start` installs the chart by real helm: once, and again when something of it has changed.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { root } from "@cliscale/local/settings";
import { requireHelm } from "@cliscale/toolchain/kubernetesTools";
import { attach } from "../src/socket.ts";
import { startTestStack, type TestStack } from "../src/stack.ts";
import { signInDemo } from "../src/user.ts";
import { eventually } from "../src/world.ts";
import { isGateway, processesOf } from "../src/processes.ts";

let helm: string;
let stack: TestStack;

before(async () => {
  helm = await requireHelm();
  stack = await startTestStack();
});

after(async () => {
  await stack?.remove();
});

async function revisions(): Promise<number> {
  const where = ["--namespace", "cliscale", "--kubeconfig", join(stack.stateDir, "kubeconfig")];
  const { stdout } = await promisify(execFile)(helm, ["history", "cliscale", "--output", "json", ...where]);
  return (JSON.parse(stdout) as unknown[]).length;
}

const installs = () => stack.progress.filter((line) => line.includes("with helm")).length;

/** Starts it once more, on the same ports: they are in the chart's values. */
async function startAgain(env: NodeJS.ProcessEnv = {}): Promise<void> {
  await stack.stop();
  const { stateDir, ports } = stack;
  stack = await startTestStack({ stateDir, ports, env });
}

async function requireTerminal(): Promise<void> {
  const { client } = await signInDemo(stack);
  const { session, attach: how } = await client.createSession({ bundle: { source: "template:shell" } });
  const socket = await attach(how!);
  socket.type("echo alive-$((1 + 1))\n");
  await socket.until(/alive-2/);
  await client.stopSession(session.id);
}

test("the first start installs it, a second start has it", async () => {
  assert.deepEqual([installs(), await revisions()], [1, 1]);
  await requireTerminal();
  await startAgain();
  assert.deepEqual([installs(), await revisions()], [0, 1]);
  await requireTerminal();
});

test("a start with another setting of the chart upgrades it", async () => {
  await startAgain({ CLISCALE_LIFETIME_MAX_SECONDS: "7200" });
  assert.deepEqual([installs(), await revisions()], [1, 2]);
  await requireTerminal();
});

test("a Kubernetes that is killed has it again, and its gateway, by itself", async () => {
  const kubernetes = (await processesOf(stack)).find(({ command }) => command.includes("local/src/kubernetes/main.ts"));
  process.kill(kubernetes!.pid, "SIGKILL");
  await eventually(
    async () => {
      const answer = await fetch(`http://127.0.0.1:${stack.ports.gatewayAdmin}/readyz`);
      assert.equal(answer.status, 200);
    },
    { seconds: 120 },
  );
  assert.equal(await revisions(), 2);
  assert.ok((await processesOf(stack)).some(isGateway));
  await requireTerminal();
});

test("where npm has no helm and PATH has none, it says what to install and starts nothing", async () => {
  await stack.stop();
  const stateDir = join(root, ".cliscale/test-no-helm");
  const onArm = `data:text/javascript,Object.defineProperty(process, "arch", { value: "arm64" })`;
  const child = spawn(process.execPath, ["--import", onArm, "packages/local/src/main.ts"], {
    cwd: root,
    env: { ...stack.env, PATH: "/nonexistent", CLISCALE_STATE_DIR: stateDir },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  assert.equal(code, 1);
  assert.match(said, /install it from https:\/\/helm\.sh.*Nothing was started/);
  await assert.rejects(access(stateDir));
});

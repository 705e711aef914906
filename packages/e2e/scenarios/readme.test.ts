import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { listeners, root } from "@cliscale/local/settings";
import { startTestStack, type TestStack } from "../src/stack.ts";

let stack: TestStack;
let readme: string;

before(async () => {
  readme = await readFile(join(root, "README.md"), "utf8");
  stack = await startTestStack();
});

after(async () => {
  await stack?.remove();
});

/** The shell commands of an example as the README prints them, on this stack's ports instead of the usual ones. */
function example(name: string): string {
  const [, text] = new RegExp(`<!-- example: ${name} -->\\s*\`\`\`sh\\n([^]*?)\`\`\``).exec(readme) ?? [];
  assert.ok(text, `the README has no example ${name}`);
  return Object.entries(listeners).reduce(
    (commands, [listener, { port }]) =>
      commands.replaceAll(`127.0.0.1:${port}/`, `127.0.0.1:${stack.ports[listener as keyof typeof listeners]}/`),
    text,
  );
}

async function shell(...examples: string[]): Promise<string> {
  const script = ["set -eu", ...examples.map(example)].join("\n");
  const env = { ...process.env, PASSWORD: stack.demo.password };
  const { stdout } = await promisify(execFile)("bash", ["-c", script], { cwd: root, env, timeout: 120_000 });
  return stdout;
}

test("the example with curl and a stream shows every stage and ends with an attach token", async () => {
  const events = (await shell("sign-in", "stream"))
    .split("\n")
    .filter((line) => line.startsWith("data: "))
    .map(
      (line) => JSON.parse(line.slice(6)) as { message?: { stage: string }; result?: { attach?: { token: string } } },
    );
  assert.deepEqual(
    events.flatMap(({ message }) => (message ? [message.stage] : [])),
    ["queued", "scheduling", "pulling", "starting", "ready"],
  );
  assert.match(events.at(-1)?.result?.attach?.token ?? "", /^[\w-]+\.[\w-]+\.[\w-]+$/);
});

test("the example with curl and a WebSocket client shows the cow and the exit code", async () => {
  const output = await shell("sign-in", "attach");
  assert.match(output, /< hello >/);
  assert.match(output, /exit \{"exitCode":0\}\nclosed with 1000/);
});

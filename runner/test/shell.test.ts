import assert from "node:assert/strict";
import { test } from "node:test";
import { attach, spelledOut } from "./support/client.ts";
import { startRunner } from "./support/runner.ts";

test("template:shell is an interactive shell, and its exit code is the runner's", async (t) => {
  const runner = await startRunner(t);
  const client = await attach(t, runner);
  await client.until(() => /[#$] $/.test(client.output()));
  client.input("echo $((6 * 7)); exit 7\n");
  assert.equal((await client.closed).code, 1000);
  assert.match(client.output(), /[\r\n]42\r\n/);
  assert.match(client.title() ?? "", /^(ba)?sh$/);
  assert.deepEqual(client.exit(), { exitCode: 7 });
  assert.deepEqual(await runner.exited, { code: 7, signal: null });
});

test("the command sees a clean environment and the user's variables", async (t) => {
  const env = { GREETING: "hello there", NPM_CONFIG_USERS_OWN: "1", LANG: "de_DE.UTF-8" };
  const variables = { NPM_CONFIG_GLOBALCONFIG: "/nonexistent", CLISCALE_POD_SANDBOXED: "1", OTHER: "secret" };
  const runner = await startRunner(t, { command: "env; echo HOME-IS-$(cd ~ && pwd)", env, variables });
  const client = await attach(t, runner);
  await client.closed;
  const seen = Object.fromEntries(
    [...client.output().matchAll(/^(\w+)=(.*)\r$/gm)].map(([, name, value]) => [name, value]),
  );
  assert.equal(seen["GREETING"], "hello there");
  assert.equal(seen["NPM_CONFIG_USERS_OWN"], "1");
  assert.equal(seen["LANG"], "de_DE.UTF-8");
  assert.equal(seen["TERM"], "xterm-256color");
  assert.equal(seen["COLORTERM"], "truecolor");
  assert.match(seen["PATH"] ?? "", /^[^:]*\/node_modules\/\.bin:/);
  assert.match(client.output(), new RegExp(`HOME-IS-${seen["HOME"]}\r`));
  const expected = ["GREETING", "NPM_CONFIG_USERS_OWN", "LANG", "TERM", "COLORTERM", "PATH", "HOME", "SHELL", "PWD"];
  // What the shell itself adds.
  const shellsOwn = new Set(["_", "OLDPWD", "SHLVL"]);
  assert.deepEqual(
    Object.keys(seen)
      .filter((name) => !shellsOwn.has(name))
      .sort(),
    expected.sort(),
  );
});

test("a pod without a sandbox says so in one yellow line at the top", async (t) => {
  const runner = await startRunner(t, { command: "true", variables: { CLISCALE_POD_SANDBOXED: "0" } });
  const client = await attach(t, runner);
  await client.closed;
  assert.match(spelledOut(client.output()), /^ESC\[33mcliscale: [^\r\n]*without a sandbox[^\r\n]*\r\n/);
});

test("a source that is not allowed ends the session as failed, and says why", async (t) => {
  const refused = {
    "https://example.com/bundle.tgz": /bundles may come only from github\.com/,
    "template:other": /no template/,
  };
  for (const [source, words] of Object.entries(refused)) {
    const runner = await startRunner(t, { source });
    const client = await attach(t, runner);
    assert.equal((await client.closed).code, 1000);
    assert.deepEqual(client.exit(), { exitCode: 1 });
    const output = spelledOut(client.output());
    assert.match(output, /ESC\[31mcliscale: /);
    assert.match(output, words);
    assert.deepEqual(await runner.exited, { code: 1, signal: null });
    const message = (await runner.terminationMessage()) as { outcome: string; message: string };
    assert.equal(message.outcome, "failed");
    assert.match(message.message, words);
  }
});

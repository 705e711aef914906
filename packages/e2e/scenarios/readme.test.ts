// The examples of the README and of the API reference, as printed, each document in one shell from top to bottom.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { promisify } from "node:util";
import { eachSession } from "@cliscale/client";
import { listeners, root } from "@cliscale/local/settings";
import {
  type CallableName,
  type CallableOutput,
  callables,
  healthSchema,
  jwkSetSchema,
  type StageEvent,
  stageEventSchema,
  stages,
} from "@cliscale/protocol";
import { startTestStack, type TestStack } from "../src/stack.ts";
import { signInDemo } from "../src/user.ts";
import { eventually } from "../src/world.ts";

/** For all examples of a document. */
const runMilliseconds = 180_000;

let stack: TestStack;

before(async () => {
  stack = await startTestStack();
  // The first one starts a process, which may take longer than it waits for its checks.
  await eventually(async () => {
    const { checks } = healthSchema.parse(await (await fetch(`${stack.url}/health`)).json());
    assert.deepEqual([checks.postgres, checks.kms, checks.kubernetes], ["ok", "ok", "ok"]);
  });
});

after(async () => {
  await stack?.remove();
});

/** What an example printed, and what the other examples of its document did. */
type Check = (printed: string, others: Map<string, string>) => void | Promise<void>;

/** The result of a callable in what curl printed; it has all that the reference promises, and nothing else. */
function result<Name extends CallableName>(name: Name, printed: string | undefined): CallableOutput<Name> {
  const answer = JSON.parse(printed ?? "") as { result: CallableOutput<Name> };
  assert.deepEqual(callables[name].output.parse(answer.result), answer.result);
  return answer.result;
}

/** The events of a stream: every stage once and in order, then the result. */
function requireStream(printed: string): void {
  const events = printed
    .split("\n")
    .filter((line) => line.startsWith("data: "))
    .map((line) => JSON.parse(line.slice(6)) as { message?: StageEvent });
  const chunks = events.flatMap(({ message }) => (message ? [message] : []));
  assert.deepEqual(
    chunks.map(({ stage }) => stage),
    [...stages],
  );
  for (const chunk of chunks) assert.deepEqual(stageEventSchema.parse(chunk), chunk);
  const { session, attach } = result("createSession", JSON.stringify(events.at(-1)));
  assert.equal(session.id, chunks[0]?.sessionId);
  assert.match(attach?.token ?? "", /^[\w-]+\.[\w-]+\.[\w-]+$/);
}

const documents: Record<string, Record<string, Check>> = {
  "README.md": {
    "sign-in": requireSilence,
    stream: requireStream,
    attach(printed) {
      assert.match(printed, /< hello >/);
      assert.match(printed, /exit \{"exitCode":0\}\nclosed with 1000/);
    },
  },
  "docs/api.md": {
    "sign-in": requireSilence,
    "first-call": (printed) => void result("listSessions", printed),
    stream: requireStream,
    create(printed) {
      const { session, attach } = result("createSession", printed);
      assert.equal(session.state, "ready");
      assert.equal(session.idleSeconds, 600);
      assert.equal(attach?.url, `${stack.gatewayUrl}/ws/${session.id}`);
    },
    "attach-session"(printed, others) {
      const { session, attach } = result("attachSession", printed);
      const created = result("createSession", others.get("create"));
      assert.equal(session.id, created.session.id);
      assert.notEqual(attach?.token, created.attach?.token);
    },
    get(printed, others) {
      const { session } = result("getSession", printed);
      assert.equal(session.id, result("createSession", others.get("create")).session.id);
      assert.equal(session.state, "ready");
    },
    async list(printed) {
      const ids = printed
        .trim()
        .split("\n")
        .map((line) => line.split(" ")[0]);
      const { client } = await signInDemo(stack);
      const all = await Array.fromAsync(eachSession(client, { pageSize: 2 }), ({ id }) => id);
      // The examples after it have started more.
      assert.ok(ids.length > 3);
      assert.deepEqual(ids, all.slice(-ids.length));
      assert.equal(new Set(all).size, all.length);
    },
    extend(printed, others) {
      const { session } = result("extendSession", printed);
      const earlier = result("getSession", others.get("get")).session;
      const gained = Date.parse(session.expiresAt) - Date.parse(earlier.expiresAt);
      // From an hour to two hours after now, which is later than it was.
      assert.ok(gained >= 3_590_000 && gained < 3_600_000 + runMilliseconds, `${gained} ms more`);
    },
    stop(printed, others) {
      const { session } = result("stopSession", printed);
      assert.equal(session.id, result("createSession", others.get("create")).session.id);
      assert.deepEqual([session.state, session.endReason], ["ended", "stopped"]);
    },
    async violations(printed) {
      const [, sample] = /example: violations[^]*?```json\n([^]*?)```/.exec(await read("docs/api.md")) ?? [];
      assert.deepEqual(JSON.parse(printed), JSON.parse(sample!));
    },
    terminal(printed) {
      assert.match(printed, /42\r\n/);
      assert.match(printed, /exit \{"exitCode":3\}\nclosed with 1000/);
    },
    jwks(printed) {
      const set: unknown = JSON.parse(printed);
      assert.deepEqual(jwkSetSchema.parse(set), set);
      assert.ok(jwkSetSchema.parse(set).keys.length > 0);
    },
    health(printed) {
      const health = healthSchema.parse(JSON.parse(printed));
      assert.deepEqual(health, JSON.parse(printed));
      // The sweep may not have run yet.
      const { scheduler: _, ...checks } = health.checks;
      assert.deepEqual(checks, { postgres: "ok", kms: "ok", kubernetes: "ok" });
    },
  },
};

function requireSilence(printed: string): void {
  assert.equal(printed, "");
}

function read(path: string): Promise<string> {
  return readFile(join(root, path), "utf8");
}

/** The commands of each example, on this stack's ports instead of the usual ones. */
async function examplesOf(path: string): Promise<[name: string, commands: string][]> {
  const examples = (await read(path)).matchAll(/<!-- example: ([\w-]+) -->\s*```sh\n([^]*?)```/g);
  return Array.from(examples, ([, name, commands]) => [name!, onTestPorts(commands!)]);
}

function onTestPorts(commands: string): string {
  return Object.entries(listeners).reduce(
    (text, [listener, { port }]) =>
      text.replaceAll(`127.0.0.1:${port}/`, `127.0.0.1:${stack.ports[listener as keyof typeof listeners]}/`),
    commands,
  );
}

/** Runs the examples in one shell; resolves to what each printed. */
async function run(examples: [name: string, commands: string][]): Promise<Map<string, string>> {
  const script = examples.map(([name, commands]) => `printf '\\036${name}\\n'\n${commands}`);
  const env = { ...process.env, PASSWORD: stack.demo.password };
  const options = { cwd: root, env, timeout: runMilliseconds };
  const { stdout } = await promisify(execFile)("bash", ["-euc", script.join("\n")], options);
  const printed = stdout.split("\u001e").slice(1);
  return new Map(printed.map((text) => [text.slice(0, text.indexOf("\n")), text.slice(text.indexOf("\n") + 1)]));
}

for (const [path, checks] of Object.entries(documents)) {
  suite(path, () => {
    let printed: Map<string, string>;

    before(async () => {
      const examples = await examplesOf(path);
      assert.deepEqual(
        examples.map(([name]) => name),
        Object.keys(checks),
      );
      printed = await run(examples);
    });

    for (const [name, check] of Object.entries(checks)) {
      test(`the example ${name} does what it is there for`, () => check(printed.get(name)!, printed));
    }
  });
}

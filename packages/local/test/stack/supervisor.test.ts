import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { superviseParts } from "../../src/stack/supervisor.ts";

/** Serves at its first start; at a later one it never does, and takes a while to stop. */
const program = `
  const { appendFileSync, readFileSync } = require("node:fs");
  appendFileSync(process.env.PIDS, process.pid + "\\n");
  const starts = readFileSync(process.env.PIDS, "utf8").trim().split("\\n").length;
  process.on("SIGTERM", () => setTimeout(() => process.exit(0), 300));
  setInterval(() => undefined, 1000);
  if (starts === 1) process.send({ ready: true });
`;

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "cliscale-supervisor-"));
  await writeFile(join(folder, "program.cjs"), program);
});

after(async () => {
  await rm(folder, { recursive: true });
});

function partOf(name: string) {
  return {
    name,
    program: join(folder, "program.cjs"),
    env: { PIDS: join(folder, `${name}.pids`) },
    logFolder: folder,
    readyMilliseconds: 30_000,
    stopMilliseconds: 5_000,
  };
}

/** The processes that a part has had, in order. */
async function pidsOf(name: string): Promise<number[]> {
  const text = await readFile(join(folder, `${name}.pids`), "utf8").catch(() => "");
  return text.trim().split("\n").filter(Boolean).map(Number);
}

async function untilStarted(name: string, times: number): Promise<number[]> {
  for (;;) {
    const pids = await pidsOf(name);
    if (pids.length >= times) return pids;
    await delay(20);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

suite("a stop of the stack", () => {
  test("ends what runs", async () => {
    const supervisor = superviseParts(() => undefined);
    await supervisor.start(partOf("running"));
    await supervisor.stop();
    assert.deepEqual((await pidsOf("running")).filter(isAlive), []);
  });

  test("ends a part that was just starting again, before it is done", async () => {
    const supervisor = superviseParts(() => undefined);
    await supervisor.start(partOf("again"));
    const [first] = await untilStarted("again", 1);
    process.kill(first!, "SIGKILL");
    await untilStarted("again", 2);
    await supervisor.stop();
    const pids = await pidsOf("again");
    assert.equal(pids.length, 2);
    assert.deepEqual(pids.filter(isAlive), []);
  });

  test("ends a part that has not served yet, and its start says so", async () => {
    const supervisor = superviseParts(() => undefined);
    // The program's first start is over.
    await writeFile(join(folder, "first.pids"), "0\n");
    const starting = assert.rejects(supervisor.start(partOf("first")), /was stopped while it started/);
    const [, pid] = await untilStarted("first", 2);
    await supervisor.stop();
    await starting;
    assert.equal(isAlive(pid!), false);
  });
});

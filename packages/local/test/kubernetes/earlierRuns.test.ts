// What a killed stand-in leaves behind is ended at the next start, and nothing else is.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { createLogger } from "@cliscale/service";
import { endPodsOfEarlierRuns } from "../../src/kubernetes/kubelet/earlierRuns.ts";
import { identify } from "../../src/processIdentity.ts";

suite("pods of an earlier run", { skip: process.platform === "linux" ? false : "/proc is needed" }, () => {
  let pods: string;
  before(async () => void (pods = await mkdtemp(join(tmpdir(), "cliscale-pods-"))));
  after(() => rm(pods, { recursive: true }));

  async function record(podUid: string, content: object | string): Promise<void> {
    await mkdir(join(pods, podUid, "volumes"), { recursive: true });
    await writeFile(
      join(pods, podUid, "process.json"),
      typeof content === "string" ? content : JSON.stringify(content),
    );
  }

  test("are ended, by their record, by their mark or by their home", async () => {
    const [recorded, marked, atHome] = [randomUUID(), randomUUID(), randomUUID()];
    const byRecord = start({});
    await record(recorded, await identify(byRecord.pid!));
    const byMark = start({ CLISCALE_POD_UID: marked });
    await record(marked, "not finished writ");
    const byHome = start({ HOME: join(pods, atHome, "home") });
    await record(atHome, {});
    const ended = [null, "SIGKILL"];
    const exits = Promise.all([byRecord, byMark, byHome].map((child) => once(child, "exit")));
    await endPodsOfEarlierRuns(pods, createLogger("test"));
    assert.deepEqual(await exits, [ended, ended, ended]);
    assert.deepEqual(await readdir(pods), []);
  });

  test("are not taken for a later process of the same number", async () => {
    const later = start({});
    const { pid, startTime } = await identify(later.pid!);
    await record(randomUUID(), { pid, startTime: String(Number(startTime) - 1) });
    await record(randomUUID(), { pid });
    await record(randomUUID(), { pid: 1, startTime: (await identify(1)).startTime });
    await endPodsOfEarlierRuns(pods, createLogger("test"));
    assert.equal(later.exitCode, null);
    assert.doesNotThrow(() => process.kill(later.pid!, 0));
    const exit = once(later, "exit");
    later.kill("SIGTERM");
    assert.deepEqual(await exit, [null, "SIGTERM"]);
  });
});

function start(env: NodeJS.ProcessEnv): ChildProcess {
  return spawn("sleep", ["600"], { env: { PATH: process.env["PATH"], ...env }, detached: true, stdio: "ignore" });
}

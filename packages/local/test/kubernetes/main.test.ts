// The program that `npm start` runs.
import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { jobManifest, succeeded } from "../../contract/kubernetes/steps.ts";
import { type KubernetesSubject, openCluster } from "../../contract/kubernetes/subject.ts";

const program = fileURLToPath(new URL("../../src/kubernetes/main.ts", import.meta.url));

suite("the program", () => {
  let stateDirectory: string;
  before(async () => void (stateDirectory = await mkdtemp(join(tmpdir(), "cliscale-kubernetes-"))));
  after(() => rm(stateDirectory, { recursive: true }));

  async function start(): Promise<{ child: ChildProcess; port: number; subject: KubernetesSubject }> {
    const env = { CLISCALE_STATE_DIR: stateDirectory, CLISCALE_KUBERNETES_PORT: "0", LOG_LEVEL: "error" };
    const child = fork(program, { env: { PATH: process.env["PATH"], ...env }, execArgv: [] });
    const [message] = (await once(child, "message")) as [{ ready: boolean; port: number; sandboxed: boolean }];
    assert.equal(message.ready, true);
    assert.equal(typeof message.sandboxed, "boolean");
    const subject = openCluster(join(stateDirectory, "kubeconfig"));
    return { child, port: message.port, subject };
  }

  test("serves when it says so, keeps its credentials, and forgets its objects", async () => {
    const files = ["ca.crt", "kubernetes/server.crt", "kubernetes/functions.token", "kubernetes/admin.token"];
    const read = () => Promise.all(files.map((file) => readFile(join(stateDirectory, file), "utf8")));
    const first = await start();
    assert.ok(first.subject.kubeConfig.getCurrentCluster()?.server.endsWith(`:${first.port}`));
    const name = first.subject.newName();
    const jobs = "/apis/batch/v1/namespaces/cliscale-runners/jobs";
    const body = jobManifest(first.subject, name, { jobSpec: { suspend: true } });
    const created = succeeded(await first.subject.send("POST", jobs, { body }));
    const kept = await read();
    for (const file of [
      "kubernetes/functions.token",
      "kubernetes/admin.token",
      "kubernetes/server.key",
      "kubeconfig",
    ]) {
      assert.equal((await stat(join(stateDirectory, file))).mode & 0o777, 0o600, file);
    }
    first.child.kill("SIGTERM");
    assert.deepEqual(await once(first.child, "exit"), [0, null]);

    const second = await start();
    assert.deepEqual(await read(), kept);
    assert.equal((await second.subject.send("GET", `${jobs}/${name}`)).status, 404);
    // A client that goes on from where it was is told that it cannot.
    const { text } = await second.subject.send(
      "GET",
      `${jobs}?watch=true&timeoutSeconds=1&resourceVersion=${created.metadata.resourceVersion}`,
    );
    assert.match(text, /"code":410/);
    second.child.disconnect();
    assert.deepEqual(await once(second.child, "exit"), [0, null]);
  });

  test("takes its pods along", async () => {
    const { child, subject } = await start();
    const pods = "/api/v1/namespaces/cliscale-runners/pods";
    const job = jobManifest(subject, subject.newName(), {
      container: { image: "cliscale-runner:dev", command: ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"] },
      podSpec: { terminationGracePeriodSeconds: 60 },
    });
    succeeded(await subject.send("POST", "/apis/batch/v1/namespaces/cliscale-runners/jobs", { body: job }));
    const containerId = await untilStarted(subject, pods);
    const pid = Number(containerId.replace("process://", ""));
    assert.doesNotThrow(() => process.kill(pid, 0));
    child.kill("SIGTERM");
    await once(child, "exit");
    assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
    assert.deepEqual(await readdir(join(stateDirectory, "kubernetes/pods")), []);
  });

  test("says which of its settings are wrong", async () => {
    const child = fork(program, { env: { CLISCALE_KUBERNETES_PORT: "x" }, execArgv: [], silent: true });
    let said = "";
    child.stderr!.on("data", (text: Buffer) => (said += text.toString()));
    const [code] = (await once(child, "close")) as [number];
    assert.notEqual(code, 0);
    assert.match(said, /CLISCALE_KUBERNETES_PORT/);
    assert.match(said, /CLISCALE_STATE_DIR/);
  });
});

async function untilStarted(subject: KubernetesSubject, pods: string): Promise<string> {
  for (;;) {
    const { body } = await subject.send("GET", pods);
    const id = body.items[0]?.status.containerStatuses?.[0]?.containerID as string | undefined;
    if (id) return id;
  }
}

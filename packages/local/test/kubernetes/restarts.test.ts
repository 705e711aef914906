// Containers that end, or do not live, and are started again; and what they are given to run with.
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { Pod } from "../../src/kubernetes/resources/pod.ts";
import {
  contractLabel,
  createJob,
  podsPath,
  podTemplate,
  succeeded,
  trueCondition,
  untilEvent,
  untilJob,
  untilPods,
} from "../../contract/kubernetes/steps.ts";
import { openStandIn, type StandInSubject } from "../../contract/kubernetes/subject.ts";

const statusOf = (pod: Pod) => pod.status.containerStatuses?.[0];

suite("a container", { concurrency: 4, timeout: 90_000 }, () => {
  let subject: StandInSubject;
  before(async () => void (subject = await openStandIn()));
  after(() => subject.close());

  async function createPod(
    script: string,
    container: Record<string, unknown> = {},
    spec: Record<string, unknown> = {},
  ): Promise<string> {
    const name = subject.newName();
    const metadata = { name, labels: { [contractLabel]: name } };
    const body = { metadata, spec: podTemplate(subject, script, container, { restartPolicy: "Always", ...spec }) };
    succeeded(await subject.send("POST", podsPath(subject), { body }));
    return name;
  }
  const untilPod = async (name: string, what: string, isSo: (pod: Pod) => boolean) =>
    (await untilPods(subject, name, what, (pods) => pods.some(isSo)))[0]!;
  const logOf = async (name: string, query = "") =>
    (await subject.send("GET", `${podsPath(subject)}/${name}/log?${query}`)).text;

  test("that ends is started again at once, and then only after a while", async () => {
    const name = await createPod("echo run; exit 3");
    const pod = await untilPod(name, "it backs off", (each) => statusOf(each)?.restartCount === 2);
    assert.equal(pod.status.phase, "Running");
    assert.equal(statusOf(pod)!.state.waiting?.reason, "CrashLoopBackOff");
    assert.match(statusOf(pod)!.state.waiting!.message!, /back-off 10s/);
    assert.equal(statusOf(pod)!.lastState.terminated?.exitCode, 3);
    assert.equal(await logOf(name), "run\n");
    assert.equal(await logOf(name, "previous=true"), "run\n");
    await untilEvent(subject, name, "BackOff");
  });

  test("that never was started again has no previous log", async () => {
    const name = await createPod("echo once; sleep 60");
    await untilPod(name, "it runs", (pod) => statusOf(pod)?.state.running !== undefined);
    const { status, text } = await subject.send("GET", `${podsPath(subject)}/${name}/log?previous=true`);
    assert.equal(status, 400);
    assert.match(text, /previous terminated container/);
  });

  test("that does not live is ended and started again", async () => {
    const livenessProbe = { exec: { command: ["false"] }, periodSeconds: 1, failureThreshold: 2, timeoutSeconds: 10 };
    const name = await createPod("exec sleep 60", { livenessProbe });
    await untilPod(name, "it is started again", (pod) => statusOf(pod)?.restartCount === 1);
    const event = await untilEvent(subject, name, "Unhealthy");
    assert.match(event.message, /Liveness probe failed: \(exit code 1\)/);
  });

  test("is not asked whether it is ready before it has started", async () => {
    const name = await createPod(
      "sleep 1; touch /run/a/started; sleep 60",
      {
        volumeMounts: [{ name: "a", mountPath: "/run/a" }],
        startupProbe: {
          exec: { command: ["test", "-e", "/run/a/started"] },
          periodSeconds: 1,
          failureThreshold: 30,
          timeoutSeconds: 10,
        },
      },
      { volumes: [{ name: "a", emptyDir: {} }] },
    );
    const running = await untilPod(name, "it runs", (pod) => statusOf(pod)?.state.running !== undefined);
    assert.equal(statusOf(running)!.started, false);
    assert.equal(trueCondition(running, "Ready"), undefined);
    const ready = await untilPod(name, "it is ready", (pod) => trueCondition(pod, "Ready") !== undefined);
    assert.equal(statusOf(ready)!.started, true);
  });

  test("has the time before its end that its pod asks for, before it hears of it", async () => {
    const lifecycle = { preStop: { sleep: { seconds: 1 } } };
    const name = await createPod(
      "trap 'echo told; exit 0' TERM; while :; do sleep 0.1; done",
      { lifecycle },
      { terminationGracePeriodSeconds: 20 },
    );
    await untilPod(name, "it runs", (pod) => statusOf(pod)?.state.running !== undefined);
    const started = Date.now();
    succeeded(await subject.send("DELETE", `${podsPath(subject)}/${name}`));
    await untilPods(subject, name, "it is gone", (pods) => pods.length === 0);
    assert.ok(Date.now() - started >= 1000, "it was told at once");
    assert.ok(Date.now() - started < 15_000, "it was killed");
  });

  test("of a Job is tried again in its pod as often as the Job says", async () => {
    const name = subject.newName();
    await createJob(subject, name, {
      script: "exit 1",
      podSpec: { restartPolicy: "OnFailure" },
      jobSpec: { backoffLimit: 1 },
    });
    const job = await untilJob(subject, name, "it has failed", (each) => trueCondition(each, "Failed") !== undefined);
    assert.equal(trueCondition(job, "Failed")?.reason, "BackoffLimitExceeded");
  });

  test("that fails counts, and another pod of its Job comes only after a while", async () => {
    const name = subject.newName();
    await createJob(subject, name, { script: "exit 1", jobSpec: { backoffLimit: 1 } });
    const job = await untilJob(subject, name, "one pod has failed", ({ status }) => status.failed === 1);
    assert.equal(trueCondition(job, "Failed"), undefined);
    assert.equal((await untilPods(subject, name, "one pod", (pods) => pods.length === 1)).length, 1);
  });

  test("says by the end of its log why it failed, where its pod wants that", async () => {
    const name = await createPod(
      "echo one; echo two; exit 1",
      { terminationMessagePolicy: "FallbackToLogsOnError" },
      { restartPolicy: "Never" },
    );
    const pod = await untilPod(name, "it has failed", (each) => each.status.phase === "Failed");
    assert.equal(statusOf(pod)!.state.terminated?.message, "one\ntwo");
  });

  test("has its variables and files from secrets and config maps, and waits for those that are missing", async () => {
    const config = subject.newName();
    const script = "echo $P_a $B ${C-none} $LABEL; cat /one/renamed /dir/a; ls /none | wc -l; stat -Lc %a /dir/secret";
    const name = await createPod(
      script,
      {
        envFrom: [{ prefix: "P_", configMapRef: { name: config } }, { configMapRef: { name: "none", optional: true } }],
        env: [
          { name: "B", valueFrom: { secretKeyRef: { name: config, key: "b" } } },
          { name: "C", valueFrom: { configMapKeyRef: { name: config, key: "none", optional: true } } },
          { name: "LABEL", valueFrom: { fieldRef: { fieldPath: `metadata.labels['${contractLabel}']` } } },
        ],
        volumeMounts: [
          { name: "one", mountPath: "/one/renamed", subPath: "deep/renamed" },
          { name: "all", mountPath: "/dir" },
          { name: "none", mountPath: "/none" },
        ],
      },
      {
        restartPolicy: "Never",
        volumes: [
          { name: "one", configMap: { name: config, items: [{ key: "a", path: "deep/renamed" }] } },
          {
            name: "all",
            projected: {
              defaultMode: 0o640,
              sources: [
                { configMap: { name: config } },
                { secret: { name: config, items: [{ key: "b", path: "secret", mode: 0o440 }] } },
              ],
            },
          },
          { name: "none", secret: { secretName: "none", optional: true } },
        ],
      },
    );
    const mounting = await untilEvent(subject, name, "FailedMount");
    assert.match(mounting.message, new RegExp(`volume "one" : configmap "${config}" not found`));
    const metadata = { name: config, labels: { [contractLabel]: config } };
    succeeded(
      await subject.send("POST", "/api/v1/namespaces/default/configmaps", { body: { metadata, data: { a: "first" } } }),
    );
    succeeded(
      await subject.send("POST", "/api/v1/namespaces/default/secrets", {
        body: { metadata, stringData: { b: "second" } },
      }),
    );
    await untilPod(name, "it has ended", (pod) => pod.status.phase === "Succeeded");
    assert.equal(await logOf(name), `first second none ${name}\nfirstfirst0\n440\n`);
  });
});

// Real helm installs a chart on the stand-in. It is that of CLISCALE_HELM, or the one on PATH.
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type StandInSubject, openStandIn } from "../../contract/kubernetes/subject.ts";
import { succeeded, untilSaid } from "../../contract/kubernetes/steps.ts";
import { askDuring, changesSince, namesIn, since } from "./happenings.ts";
import { findHelm } from "./tools.ts";

const chart = fileURLToPath(new URL("chart", import.meta.url));
const helm = await findHelm();

const settings = (values: Record<string, string | number>) =>
  Object.entries(values).flatMap(([name, value]) => ["--set", `${name}=${value}`]);

const ask = async (port: number | undefined, path = "/") => (await fetch(`http://127.0.0.1:${port}${path}`)).text();

suite("helm", { skip: helm.skip, timeout: 180_000 }, () => {
  let subject: StandInSubject;
  before(async () => void (subject = await openStandIn({ contents: "bare", routePorts: { route: 0, admin: 0 } })));
  after(() => subject.close());

  const run = (...args: string[]) => helm.run([...args, "--kubeconfig", subject.standIn.kubeconfigPath]);
  const inDefault = (...args: string[]) => run(...args, "--namespace", "default");
  const upgrade = (values: Record<string, string | number>) =>
    inDefault("upgrade", "small", chart, "--wait", "--timeout", "30s", ...settings(values));
  const list = async (path: string) =>
    succeeded(await subject.send("GET", path)) as unknown as {
      items: { metadata: { name: string } }[];
      metadata: { resourceVersion: string };
    };

  test("finds nothing wrong with the chart", async () => {
    assert.match(await run("lint", "--strict", chart), /0 chart\(s\) failed/);
  });

  test("installs it: the account of the migration, the migration, and the rest when that is done", async () => {
    const { metadata } = await list("/api/v1/namespaces");
    const output = await inDefault("install", "small", chart, "--wait", "--timeout", "30s");
    assert.match(output, /STATUS: deployed[\s\S]*hello from small/);
    const order = await Promise.all([
      since(subject, metadata.resourceVersion, "/api/v1/serviceaccounts", "small-migration", () => true),
      since(subject, metadata.resourceVersion, "/apis/batch/v1/jobs", "small-migration", () => true),
      since(
        subject,
        metadata.resourceVersion,
        "/apis/batch/v1/jobs",
        "small-migration",
        ({ status }) => status.succeeded === 1,
      ),
      since(subject, metadata.resourceVersion, "/apis/apps/v1/deployments", "small", () => true),
    ]);
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    );
    const { body } = await subject.send("GET", "/apis/apps/v1/namespaces/default/deployments/small");
    assert.equal(body.status.availableReplicas, 2, "it did not wait");
  });

  test("connections to the route's port reach all pods in turn, those to the other one pod", async () => {
    const { route, admin } = subject.standIn.routePorts;
    const answers = new Set<string>();
    for (let count = 0; count < 4; count += 1) answers.add(await ask(route));
    assert.equal(answers.size, 2, [...answers].join());
    // The variables are those of the secret's file, and of the config map.
    for (const answer of answers) assert.match(answer, /^hello true 127\.66\./);
    const admins = await Promise.all([ask(admin), ask(admin), ask(admin)]);
    assert.equal(new Set(admins).size, 1);
  });

  test("runs the chart's own test, by the address of its Service", async () => {
    assert.match(await inDefault("test", "small", "--logs"), /Phase: +Succeeded[\s\S]*hello true/);
  });

  test("upgrades it with never a pod too few, and never a connection refused", async () => {
    const { metadata } = await list("/apis/apps/v1/deployments");
    const upgraded = upgrade({ greeting: "goodbye" });
    const { answers, failures } = await askDuring(upgraded, () => ask(subject.standIn.routePorts.route));
    assert.deepEqual(failures, []);
    assert.ok(
      answers.some((answer) => answer.startsWith("hello")) && answers.some((answer) => answer.startsWith("goodbye")),
    );
    assert.match(await ask(subject.standIn.routePorts.route), /^goodbye/);
    const available = (await changesSince(subject, metadata.resourceVersion, "/apis/apps/v1/deployments")).map(
      ({ object }) => object.status.availableReplicas as number,
    );
    assert.ok(available.length > 2);
    assert.equal(Math.min(...available), 2, available.join());
  });

  test("stops an upgrade whose migration fails, and says why", async () => {
    const { body: earlier } = await subject.send("GET", "/apis/apps/v1/namespaces/default/deployments/small");
    await assert.rejects(
      upgrade({ "migration.exitCode": 3, greeting: "never" }),
      (error: Error & { stdout: string }) => {
        assert.match(error.stdout + error.message, /the schema is too new/);
        assert.match(error.message, /pre-upgrade hooks failed: .*Job\/default\/small-migration/);
        return true;
      },
    );
    const { body: now } = await subject.send("GET", "/apis/apps/v1/namespaces/default/deployments/small");
    assert.deepEqual(now, earlier);
    assert.match(await inDefault("history", "small"), /3 .*failed/);
  });

  test("rolls it back", async () => {
    await inDefault("rollback", "small", "1", "--wait", "--timeout", "30s");
    assert.match(await ask(subject.standIn.routePorts.route), /^hello/);
  });

  test("lets nobody install who may not", async () => {
    const asReader = inDefault("upgrade", "small", chart, "--kube-as-user", "reader@example.com");
    await assert.rejects(asReader, /User "reader@example\.com" cannot list resource "secrets"/);
  });

  test("uninstalls it, and nothing is left", async () => {
    await inDefault("uninstall", "small", "--wait", "--timeout", "30s");
    const deadline = Date.now() + 30_000;
    while ((await namesIn(subject, "default")).some((name) => name.startsWith("pods/")) && Date.now() < deadline)
      await delay(100);
    assert.deepEqual(await namesIn(subject, "default"), ["serviceaccounts/default"]);
    const { items } = await list("/apis/scheduling.k8s.io/v1/priorityclasses");
    assert.ok(items.every(({ metadata }) => metadata.name.startsWith("system-")));
  });
});

suite("helm --wait fails", { skip: helm.skip, concurrency: true, timeout: 90_000 }, () => {
  let subject: StandInSubject;
  before(async () => void (subject = await openStandIn({ contents: "bare" })));
  after(() => subject.close());

  const mistakes = {
    "a wrong probe": { value: "probePath=/wrong", says: /Readiness probe failed: .*statuscode: 404/ },
    "a missing secret": { value: "secretName=none", says: /secret "none" not found/ },
    "a missing service account": { value: "accountName=none", says: /serviceaccount "none" not found/ },
    "an image that is not there": { value: "image=nowhere:1", says: /ErrImagePull/ },
  };
  for (const [mistake, { value, says }] of Object.entries(mistakes)) {
    test(`for ${mistake}`, async () => {
      const namespace = value.slice(0, value.indexOf("=")).toLowerCase();
      const release = [
        "install",
        "small",
        chart,
        "--namespace",
        namespace,
        "--create-namespace",
        "--wait",
        "--timeout",
        "6s",
      ];
      const values = [
        "--no-hooks",
        "--set",
        "extras=false",
        "--set",
        value,
        "--kubeconfig",
        subject.standIn.kubeconfigPath,
      ];
      await assert.rejects(helm.run([...release, ...values]), /not ready/);
      // On a busy machine the pod has only begun when helm gives up.
      await untilSaid(subject, namespace, says);
    });
  }
});

// What the cluster does by itself beyond what the contract has.
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import {
  assertRefused,
  createJob,
  deploymentManifest,
  deploymentsPath,
  patchObject,
  podsPath,
  podTemplate,
  succeeded,
  untilDeployment,
  untilEvent,
  untilPods,
} from "../../contract/kubernetes/steps.ts";
import { openStandIn, type StandInSubject } from "../../contract/kubernetes/subject.ts";
import type { Deployment } from "../../src/kubernetes/resources/deployment.ts";
import { isServing, type Pod } from "../../src/kubernetes/resources/pod.ts";

const core = (plural: string, namespace = "default") => `/api/v1/namespaces/${namespace}/${plural}`;

const isAvailable = ({ spec, status }: Deployment) =>
  status.availableReplicas === spec.replicas &&
  status.updatedReplicas === spec.replicas &&
  status.replicas === spec.replicas;

const image = (reference: string) => ({ containers: [{ name: "main", image: reference }] });

const waitsForImage = ({ status }: Pod) =>
  /ErrImagePull|ImagePullBackOff/.test(status.containerStatuses?.[0]?.state.waiting?.reason ?? "");

suite("the controllers", { concurrency: 4, timeout: 90_000 }, () => {
  let subject: StandInSubject;
  before(async () => void (subject = await openStandIn({ contents: "bare" })));
  after(() => subject.close());

  const post = async (path: string, body: object) => succeeded(await subject.send("POST", path, { body }));

  async function create(options: Parameters<typeof deploymentManifest>[2]): Promise<string> {
    const name = subject.newName();
    await post(deploymentsPath(subject), deploymentManifest(subject, name, options));
    return name;
  }

  test("hold a namespace to its quota, and count what it has used", async () => {
    const namespace = subject.newName();
    await post("/api/v1/namespaces", { metadata: { name: namespace } });
    await post(core("resourcequotas", namespace), {
      metadata: { name: "q" },
      spec: { hard: { pods: "1", "count/secrets": 1 } },
    });
    const pod = (name: string) => ({ metadata: { name }, spec: podTemplate(subject, "sleep 60") });
    await post(core("pods", namespace), pod("one"));
    const refused = await subject.send("POST", core("pods", namespace), { body: pod("two") });
    assertRefused(refused, 403, "Forbidden");
    assert.match(refused.body.message, /exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1/);
    await post(core("secrets", namespace), { metadata: { name: "one" } });
    assertRefused(
      await subject.send("POST", core("secrets", namespace), { body: { metadata: { name: "two" } } }),
      403,
      "Forbidden",
    );
    const { body } = await subject.send("GET", core("resourcequotas/q", namespace));
    assert.deepEqual(body.status.used, { pods: "1", "count/secrets": "1" });
    // A Job's pod waits for room, and comes when there is some.
    const runs = { ...subject, namespace };
    const job = subject.newName();
    await createJob(runs, job);
    assert.match((await untilEvent(runs, job, "FailedCreate")).message, /exceeded quota/);
    succeeded(await subject.send("DELETE", `${core("pods", namespace)}/one?gracePeriodSeconds=0`));
    await untilEvent(runs, job, "SuccessfulCreate");
  });

  test("give each namespace its default account, also when it was deleted", async () => {
    const namespace = subject.newName();
    await post("/api/v1/namespaces", { metadata: { name: namespace } });
    const account = core("serviceaccounts/default", namespace);
    const first = succeeded(await subject.send("GET", account));
    succeeded(await subject.send("DELETE", account));
    const second = succeeded(await subject.send("GET", account));
    assert.notEqual(first.metadata.uid, second.metadata.uid);
  });

  test("keep a Deployment within the bounds of its autoscaler", async () => {
    const name = await create({ replicas: 1 });
    const spec = { scaleTargetRef: { kind: "Deployment", name }, minReplicas: 2, maxReplicas: 3 };
    await post("/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers", { metadata: { name }, spec });
    await untilDeployment(subject, name, "it has two", (each) => each.spec.replicas === 2);
    succeeded(await patchObject(subject, `${deploymentsPath(subject)}/${name}`, { spec: { replicas: 9 } }));
    await untilDeployment(subject, name, "it has three", (each) => each.spec.replicas === 3);
  });

  test("have no old pod beside a new one where the strategy is Recreate", async () => {
    const name = await create({ replicas: 2, spec: { strategy: { type: "Recreate" } } });
    await untilDeployment(subject, name, "it is available", isAvailable);
    const old = new Set(
      (await untilPods(subject, name, "two", (pods) => pods.length === 2)).map((pod) => pod.metadata.uid),
    );
    const template = { metadata: { annotations: { version: "2" } } };
    succeeded(await patchObject(subject, `${deploymentsPath(subject)}/${name}`, { spec: { template } }));
    const seen: Pod[][] = [];
    await untilPods(subject, name, "all are new", (pods) => {
      seen.push(pods);
      return pods.length === 2 && pods.every((pod) => !old.has(pod.metadata.uid) && isServing(pod));
    });
    const mixed = seen.filter((pods) => new Set(pods.map((pod) => old.has(pod.metadata.uid))).size === 2);
    assert.deepEqual(mixed, []);
  });

  test("let pods that serve nobody go first, and a broken update not touch those that do", async () => {
    const name = await create({
      replicas: 2,
      spec: { strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } },
    });
    await untilDeployment(subject, name, "it is available", isAvailable);
    const serving = (await untilPods(subject, name, "two", (pods) => pods.length === 2)).map((pod) => pod.metadata.uid);
    const patch = (reference: string) =>
      subject.send("PATCH", `${deploymentsPath(subject)}/${name}`, {
        body: { spec: { template: { spec: image(reference) } } },
        headers: { "Content-Type": "application/strategic-merge-patch+json" },
      });
    succeeded(await patch("nowhere:1"));
    await untilPods(subject, name, "the new one has no image", (pods) => pods.some(waitsForImage));
    succeeded(await patch(subject.image));
    const left = await untilPods(subject, name, "it is gone", (pods) => pods.length === 2 && pods.every(isServing));
    assert.deepEqual(left.map((pod) => pod.metadata.uid).toSorted(), serving.toSorted());
  });

  test("keep as many old revisions as a Deployment says", async () => {
    const name = await create({ replicas: 1, spec: { revisionHistoryLimit: 1 } });
    for (const version of ["2", "3", "4"]) {
      await untilDeployment(subject, name, "it is available", isAvailable);
      const template = { metadata: { annotations: { version } } };
      succeeded(await patchObject(subject, `${deploymentsPath(subject)}/${name}`, { spec: { template } }));
    }
    const last = await untilDeployment(
      subject,
      name,
      "the last is available",
      (each) => isAvailable(each) && each.status.observedGeneration === each.metadata.generation,
    );
    assert.equal(last.metadata.annotations?.["deployment.kubernetes.io/revision"], "4");
    const { body } = await subject.send("GET", "/apis/apps/v1/namespaces/default/replicasets");
    const sets = body.items.filter((set: Deployment) => set.metadata.name.startsWith(`${name}-`));
    assert.equal(sets.length, 2);
  });

  test("lead a Service's address to its ready pods, and take it away with the Service", async () => {
    const server = `require("net").createServer((socket) => socket.end("hello")).listen(8080, process.env.ADDRESS)`;
    const name = await create({
      container: {
        command: ["node", "-e", server],
        env: [{ name: "ADDRESS", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } }],
        ports: [{ name: "any", containerPort: 8080 }],
        readinessProbe: { tcpSocket: { port: "any" }, periodSeconds: 1, timeoutSeconds: 10 },
      },
    });
    const spec = { selector: { "cliscale.dev/contract": name }, ports: [{ port: 9000, targetPort: "any" }] };
    await post(core("services"), { metadata: { name }, spec });
    await untilDeployment(subject, name, "it is available", isAvailable);
    const { body: service } = await subject.send("GET", core(`services/${name}`));
    const script = `require("net").connect(9000, "${service.spec.clusterIP}").on("data", (data) => console.log(String(data))).on("error", () => console.log("refused"))`;
    await untilOutput("hello\n");
    const { body: slices } = await subject.send(
      "GET",
      `/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3D${name}`,
    );
    assert.equal(slices.items[0].ports[0].port, 8080);
    assert.equal(slices.items[0].endpoints.length, 1);
    succeeded(await patchObject(subject, core(`services/${name}`), { metadata: { labels: { a: "b" } } }));
    succeeded(await subject.send("DELETE", core(`services/${name}`)));
    await untilOutput("refused\n");

    /** What changes is told to the way to the pods a moment after it is told to those who ask. */
    async function untilOutput(expected: string): Promise<void> {
      for (const end = Date.now() + 30_000; ;) {
        const output = await outputOf(script);
        if (output === expected) return;
        if (Date.now() > end) assert.equal(output, expected);
      }
    }

    /** What a pod prints that runs a script of Node's. */
    async function outputOf(text: string): Promise<string> {
      const pod = subject.newName();
      const labels = { "cliscale.dev/contract": pod };
      await post(podsPath(subject), {
        metadata: { name: pod, labels },
        spec: podTemplate(subject, "", { command: ["node", "-e", text] }),
      });
      await untilPods(subject, pod, "it has ended", (pods) => pods.some(({ status }) => status.phase === "Succeeded"));
      return (await subject.send("GET", `${podsPath(subject)}/${pod}/log`)).text;
    }
  });
});

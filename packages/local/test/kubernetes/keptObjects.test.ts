// What of a cluster outlives its process, and what does not.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createLogger } from "@cliscale/service";
import { jobManifest, podTemplate, succeeded } from "../../contract/kubernetes/steps.ts";
import { type KubernetesSubject, openCluster } from "../../contract/kubernetes/subject.ts";
import { baseEnvironment } from "../../src/kubernetes/kubelet/images.ts";
import { type Kubernetes, startKubernetes } from "../../src/kubernetes/server.ts";

const namespace = "default";
const root = `/api/v1/namespaces/${namespace}`;
const deployment = `/apis/apps/v1/namespaces/${namespace}/deployments`;

suite("a cluster with a file for its objects", { timeout: 60_000 }, () => {
  let stateDirectory: string;
  let objectsFile: string;
  let running: Kubernetes;
  let subject: KubernetesSubject;

  const start = async () => {
    running = await startKubernetes({
      port: 0,
      stateDirectory,
      objectsFile,
      podRange: "127.66.0.0/16",
      logger: createLogger("kubernetes"),
      contents: "bare",
      images: { node: { entrypoint: ["node"], environment: { ...baseEnvironment }, readable: [] } },
    });
    subject = { ...openCluster(running.kubeconfigPath), namespace, image: "node:24" };
  };
  const podsOf = async (app: string) =>
    (await subject.send("GET", `${root}/pods?labelSelector=app%3D${app}`)).body.items as {
      metadata: { name: string; uid: string };
      status: { phase: string; podIP: string };
    }[];
  const untilRunning = async () => {
    for (;;) {
      const [pod] = await podsOf("server");
      if (pod?.status.phase === "Running") return pod;
      await delay(50);
    }
  };

  before(async () => {
    stateDirectory = await mkdtemp(join(tmpdir(), "cliscale-kubernetes-"));
    objectsFile = join(stateDirectory, "kubernetes/objects.json");
    await start();
  });
  after(async () => {
    await running.close();
    await rm(stateDirectory, { recursive: true });
  });

  test("has them again, with new pods; Jobs and what is theirs are gone", async () => {
    const template = podTemplate(subject, "sleep 1000", {}, { restartPolicy: "Always" });
    const made = succeeded(
      await subject.send("POST", deployment, {
        body: {
          metadata: { name: "server" },
          spec: {
            selector: { matchLabels: { app: "server" } },
            template: { metadata: { labels: { app: "server" } }, spec: template },
          },
        },
      }),
    );
    const service = succeeded(
      await subject.send("POST", `${root}/services`, {
        body: { metadata: { name: "server" }, spec: { selector: { app: "server" }, ports: [{ port: 8080 }] } },
      }),
    );
    const secret = { metadata: { name: "kept" }, stringData: { key: "value" } };
    succeeded(await subject.send("POST", `${root}/secrets`, { body: secret }));
    const job = succeeded(
      await subject.send("POST", `/apis/batch/v1/namespaces/${namespace}/jobs`, {
        body: jobManifest(subject, "session", { jobSpec: { suspend: true } }),
      }),
    );
    const owner = { apiVersion: "batch/v1", kind: "Job", name: "session", uid: job.metadata.uid };
    succeeded(
      await subject.send("POST", `${root}/secrets`, {
        body: { metadata: { name: "session", ownerReferences: [owner] } },
      }),
    );
    const earlier = await untilRunning();

    await running.close();
    await start();
    const pod = await untilRunning();
    assert.notEqual(pod.metadata.uid, earlier.metadata.uid);
    const again = (await subject.send("GET", `${deployment}/server`)).body;
    assert.equal(again.metadata.uid, made.metadata.uid);
    assert.ok(Number(again.metadata.resourceVersion) > Number(made.metadata.resourceVersion));
    assert.equal((await subject.send("GET", `${root}/services/server`)).body.metadata.uid, service.metadata.uid);
    assert.equal((await subject.send("GET", `${root}/secrets/kept`)).body.data.key, "dmFsdWU=");
    assert.equal((await subject.send("GET", `${root}/secrets/session`)).status, 404);
    assert.equal((await subject.send("GET", `/apis/batch/v1/namespaces/${namespace}/jobs/session`)).status, 404);
  });

  test("does not have again what was deleted", async () => {
    succeeded(await subject.send("DELETE", `${root}/secrets/kept`));
    await running.close();
    await start();
    assert.equal((await subject.send("GET", `${root}/secrets/kept`)).status, 404);
  });

  test("says what to do when the file is damaged", async () => {
    await running.close();
    await writeFile(objectsFile, "{");
    await assert.rejects(start(), /objects\.json is damaged.*remove it/);
    await rm(objectsFile);
    await start();
  });
});

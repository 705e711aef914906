import assert from "node:assert/strict";
import type { Deployment } from "../../src/kubernetes/resources/deployment.ts";
import type { Pod } from "../../src/kubernetes/resources/pod.ts";
import type { ContractCase } from "../support/contract.ts";
import {
  assertRefused,
  contractLabel,
  createJob,
  deploymentManifest,
  deploymentsPath,
  patchObject,
  podsPath,
  secretManifest,
  secretsPath,
  succeeded,
  trueCondition,
  untilDeployment,
  untilEvent,
  untilPods,
  untilSo,
} from "./steps.ts";
import type { KubernetesSubject } from "./subject.ts";

async function createDeployment(
  subject: KubernetesSubject,
  name: string,
  options: Parameters<typeof deploymentManifest>[2] = {},
) {
  const body = deploymentManifest(subject, name, options);
  return succeeded(await subject.send("POST", deploymentsPath(subject), { body })) as Deployment;
}

const isAvailable = (deployment: Deployment) =>
  deployment.status.observedGeneration === deployment.metadata.generation &&
  deployment.status.updatedReplicas === deployment.spec.replicas &&
  deployment.status.replicas === deployment.spec.replicas &&
  deployment.status.availableReplicas === deployment.spec.replicas;

const isUsable = (pod: Pod) => trueCondition(pod, "Ready") !== undefined && !pod.metadata.deletionTimestamp;

/** Pods that are kept running, and what may take them away. */
export const workloadCases: ContractCase<KubernetesSubject>[] = [
  {
    name: "a Deployment is available when its pods are ready, and another pod comes for one that goes",
    async check(subject) {
      const name = subject.newName();
      await createDeployment(subject, name, { replicas: 2 });
      const available = await untilDeployment(subject, name, "it is available", isAvailable);
      assert.ok(trueCondition(available, "Available"));
      assert.equal(trueCondition(available, "Progressing")?.reason, "NewReplicaSetAvailable");
      const [first] = await untilPods(subject, name, "two are ready", (pods) => pods.filter(isUsable).length === 2);
      succeeded(await subject.send("DELETE", `${podsPath(subject)}/${first!.metadata.name}?gracePeriodSeconds=0`));
      const pods = await untilPods(
        subject,
        name,
        "two are ready again",
        (all) => all.filter(isUsable).length === 2 && all.every((pod) => pod.metadata.uid !== first!.metadata.uid),
      );
      assert.equal(pods.length, 2);
    },
  },
  {
    name: "a Deployment whose probe is wrong is not available, and says when it gets on no more",
    async check(subject) {
      const name = subject.newName();
      const container = { readinessProbe: { tcpSocket: { port: 1 }, periodSeconds: 1 } };
      // Long enough for a pod to start on a busy machine: one that is ready by then must not pass for one that is late.
      await createDeployment(subject, name, { container, spec: { progressDeadlineSeconds: 6 } });
      const late = await untilDeployment(subject, name, "it is late", (each) =>
        (each.status.conditions ?? []).some((condition) => condition.reason === "ProgressDeadlineExceeded"),
      );
      assert.equal(late.status.availableReplicas ?? 0, 0);
      assert.equal(trueCondition(late, "Available"), undefined);
    },
  },
  {
    name: "an update with maxUnavailable 0 never has fewer pods available than are wanted",
    async check(subject) {
      const name = subject.newName();
      const strategy = { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } };
      await createDeployment(subject, name, { replicas: 2, spec: { strategy } });
      await untilDeployment(subject, name, "it is available", isAvailable);
      const template = { metadata: { annotations: { version: "2" } } };
      succeeded(await patchObject(subject, `${deploymentsPath(subject)}/${name}`, { spec: { template } }));
      let fewest = Number.POSITIVE_INFINITY;
      let most = 0;
      await untilDeployment(subject, name, "it is updated", (deployment) => {
        fewest = Math.min(fewest, deployment.status.availableReplicas ?? 0);
        most = Math.max(most, deployment.status.replicas ?? 0);
        return isAvailable(deployment);
      });
      assert.equal(fewest, 2);
      assert.equal(most, 3);
    },
  },
  {
    name: "a Deployment is scaled by its subresource",
    async check(subject) {
      const name = subject.newName();
      await createDeployment(subject, name);
      const scale = `${deploymentsPath(subject)}/${name}/scale`;
      const { body } = await subject.send("GET", scale);
      assert.deepEqual([body.kind, body.apiVersion, body.spec.replicas], ["Scale", "autoscaling/v1", 1]);
      succeeded(
        await subject.send("PUT", scale, {
          body: { ...body, metadata: { name, namespace: subject.namespace }, spec: { replicas: 2 } },
        }),
      );
      await untilPods(subject, name, "there are two", (pods) => pods.length === 2);
      succeeded(await patchObject(subject, scale, { spec: { replicas: 0 } }));
      await untilPods(subject, name, "there is none", (pods) => pods.length === 0);
    },
  },
  {
    name: "a pod whose service account is missing is refused, and its owner says so",
    async check(subject) {
      const name = subject.newName();
      await createJob(subject, name, { podSpec: { serviceAccountName: "contract-none" } });
      const event = await untilEvent(subject, name, "FailedCreate");
      assert.match(event.message, /serviceaccount "contract-none" not found/);
    },
  },
  {
    name: "an eviction that the budget forbids is TooManyRequests, and one that it allows ends the pod",
    async check(subject) {
      const name = subject.newName();
      const labels = { [contractLabel]: name };
      const budget = (minAvailable: number) => ({
        apiVersion: "policy/v1",
        kind: "PodDisruptionBudget",
        metadata: { name, labels },
        spec: { minAvailable, selector: { matchLabels: labels } },
      });
      const budgets = `/apis/policy/v1/namespaces/${subject.namespace}/poddisruptionbudgets`;
      succeeded(await subject.send("POST", budgets, { body: budget(2) }));
      await createDeployment(subject, name, { replicas: 2 });
      const [pod] = await untilPods(subject, name, "two are ready", (pods) => pods.filter(isUsable).length === 2);
      const eviction = `${podsPath(subject)}/${pod!.metadata.name}/eviction`;
      const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: pod!.metadata.name } };
      assertRefused(await subject.send("POST", eviction, { body }), 429, "TooManyRequests");
      succeeded(await patchObject(subject, `${budgets}/${name}`, { spec: { minAvailable: 1 } }));
      await untilSo(subject, async () => (await subject.send("POST", eviction, { body })).status === 201);
      await untilPods(subject, name, "it goes", (pods) =>
        pods.every((each) => each.metadata.uid !== pod!.metadata.uid || each.metadata.deletionTimestamp !== undefined),
      );
      succeeded(await subject.send("DELETE", `${budgets}/${name}`));
    },
  },
  {
    name: "a list with a limit goes on where it ended, and holds everything once",
    async check(subject) {
      const label = subject.newName();
      const names = Array.from({ length: 5 }, () => subject.newName());
      for (const name of names) {
        const secret = secretManifest(name, {});
        const body = { ...secret, metadata: { name, labels: { [contractLabel]: name, page: label } } };
        succeeded(await subject.send("POST", secretsPath(subject), { body }));
      }
      const seen: string[] = [];
      let next = "";
      do {
        const query = `limit=2&labelSelector=page%3D${label}&continue=${encodeURIComponent(next)}`;
        const { body } = await subject.send("GET", `${secretsPath(subject)}?${query}`);
        assert.ok(body.items.length <= 2, "a page is larger than was asked for");
        seen.push(...body.items.map((item: { metadata: { name: string } }) => item.metadata.name));
        next = body.metadata.continue ?? "";
      } while (next !== "" && seen.length < 10);
      assert.deepEqual(seen, names.toSorted());
    },
  },
  {
    name: "what a manager applies no more is gone, and what another applies is a conflict unless it is forced",
    async check(subject) {
      const name = subject.newName();
      const path = `/api/v1/namespaces/${subject.namespace}/configmaps/${name}`;
      const labels = { [contractLabel]: name };
      const apply = (manager: string, data: Record<string, string>, force = false) =>
        subject.send("PATCH", `${path}?fieldManager=${manager}&force=${force}`, {
          body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name, labels }, data },
          headers: { "Content-Type": "application/apply-patch+yaml" },
        });
      assert.equal((await apply("one", { a: "1", b: "1" })).status, 201);
      const changed = await apply("one", { a: "2" });
      assert.equal(changed.status, 200);
      assert.deepEqual(changed.body.data, { a: "2" });
      assertRefused(await apply("two", { a: "3" }), 409, "Conflict");
      assert.deepEqual(succeeded(await apply("two", { c: "3" })), (await subject.send("GET", path)).body);
      assert.deepEqual((await subject.send("GET", path)).body.data, { a: "2", c: "3" });
      succeeded(await apply("two", { a: "3" }, true));
      assert.deepEqual((await subject.send("GET", path)).body.data, { a: "3" });
      succeeded(await subject.send("DELETE", path));
    },
  },
];

import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import runner from "@cliscale/k8s-chart/runner.json" with { type: "json" };
import { defaultBundleHosts, terminalPort } from "@cliscale/protocol";
import { find, has, type KubernetesObject, render, skip } from "./support/helm.ts";
import { problemsOf } from "./support/models.ts";
import { sessionJob, sessionSecret } from "./support/session.ts";

const job = sessionJob();
const pod = job.spec!.template.spec!;
let documents: KubernetesObject[];

suite("The Jobs of the functions and the chart agree", { skip }, () => {
  before(async () => {
    documents = await render("production");
  });

  test("that what the Job and its Secret are made of are known fields of the right types", async () => {
    const secret = sessionSecret();
    for (const document of [job, secret]) {
      assert.deepEqual(await problemsOf(document as unknown as KubernetesObject), []);
    }
  });

  test("on namespace, account and priority class", () => {
    assert.ok(find(documents, "Namespace", job.metadata!.namespace!));
    assert.equal(
      find(documents, "ServiceAccount", pod.serviceAccountName!).metadata.namespace,
      job.metadata!.namespace,
    );
    assert.ok(find(documents, "PriorityClass", pod.priorityClassName!));
  });

  test("on what quota and limits let in: all sessions at once, and the placeholders", () => {
    const [container] = pod.containers;
    const { max } = find(documents, "LimitRange", "cliscale-runners")["spec"].limits[0];
    assert.deepEqual(max, container!.resources!.limits);
    const { hard } = find(documents, "ResourceQuota", "cliscale-runners")["spec"];
    const pods = Number(hard.pods);
    // 500 sessions and 3 placeholders in production.
    assert.ok(pods > 503);
    const { limits, requests } = container!.resources!;
    for (const name of Object.keys(limits!)) {
      assert.equal(hard[`limits.${name}`], times(limits![name]!, pods), name);
      assert.equal(hard[`requests.${name}`], times(requests![name]!, pods), name);
    }
    assert.ok(Number(hard["count/jobs.batch"]) >= 500 + 1000);
  });

  test("on what a placeholder keeps room for", () => {
    const placeholder = find(documents, "Deployment", "cliscale-placeholder")["spec"].template.spec;
    assert.deepEqual(placeholder.containers[0].resources, pod.containers[0]!.resources);
    assert.equal(placeholder.runtimeClassName, pod.runtimeClassName);
    const value = (name: string) => find(documents, "PriorityClass", name)["value"] as number;
    assert.ok(value(placeholder.priorityClassName) < value(pod.priorityClassName!));
  });

  test("on the port of the terminal, which is the protocol's", () => {
    assert.equal(runner.terminalPort, terminalPort);
    assert.equal(pod.containers[0]!.ports![0]!.containerPort, terminalPort);
    const ingress = find(documents, "NetworkPolicy", "cliscale-runners-ingress")["spec"];
    assert.deepEqual(ingress.ingress[0].ports, [{ port: terminalPort }]);
    assert.deepEqual(ingress.podSelector.matchLabels, runner.labels);
  });

  test("on the hosts of bundles, where sessions reach named hosts alone", async () => {
    const everything = await render("everything");
    assert.ok(
      !everything.some(({ kind, metadata }) => kind === "NetworkPolicy" && metadata.name === "cliscale-runners-egress"),
    );
    const { matches, ports } = find(everything, "FQDNNetworkPolicy", "cliscale-runners-egress")["spec"].egress[0];
    assert.deepEqual(matches, [
      ...runner.bundleHosts.map((name) => ({ name })),
      { name: "registry.example.com" },
      { pattern: "*.agents.example.com" },
    ]);
    assert.deepEqual(ports, [{ protocol: "TCP", port: 443 }]);
    assert.ok(!has(documents, "FQDNNetworkPolicy"));
    assert.equal(runner.bundleHosts.join(","), defaultBundleHosts);
  });
});

/** A quantity times a number, in the quantity's own unit. */
function times(quantity: string, factor: number): string {
  const [, amount, unit] = /^(\d+)(\D*)$/.exec(quantity)!;
  return `${Number(amount) * factor}${unit}`;
}

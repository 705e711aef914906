import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { settingFields } from "../../functions/src/settings.ts";
import { defaultDeadlines } from "../../gateway/src/deadlines.ts";
import { readSettings } from "../../gateway/src/env.ts";
import { createMetrics } from "../../gateway/src/metrics.ts";
import { chart, find, type KubernetesObject, profileNames, render, skip } from "./support/helm.ts";

const podOf = (documents: KubernetesObject[]) =>
  find(documents, "Deployment", "cliscale-gateway")["spec"].template.spec;
const policy = (documents: KubernetesObject[], kind: string) =>
  find(documents, kind, "cliscale-gateway")["spec"].default;

interface Variable {
  name: string;
  value?: string;
  valueFrom?: { fieldRef?: { fieldPath: string }; secretKeyRef?: { name: string; key: string } };
}

/** The environment of a container, as the kubelet would make it. */
function environmentOf(documents: KubernetesObject[]): Record<string, string> {
  const variables: Variable[] = podOf(documents).containers[0].env;
  return Object.fromEntries(
    variables.map(({ name, value, valueFrom }) => {
      if (valueFrom?.fieldRef) return [name, "10.64.3.7"];
      if (valueFrom?.secretKeyRef) return [name, "postgres://gateway@10.100.0.5/cliscale"];
      assert.equal(typeof value, "string", name);
      return [name, value!];
    }),
  );
}

/** The names of the variables that the gateway reads. */
function namesRead(): string[] {
  const names = new Set<string>();
  const env = new Proxy({}, { get: (_target, name) => void names.add(String(name)) });
  assert.throws(() => readSettings(env));
  return Array.from(names).filter((name) => name.startsWith("CLISCALE_"));
}

suite("The gateway of the chart", { skip }, () => {
  for (const profile of profileNames) {
    test(`gets every setting that it reads, and takes what it gets: ${profile}`, async () => {
      const env = environmentOf(await render(profile));
      const { LOG_LEVEL, ...settings } = env;
      assert.ok(LOG_LEVEL);
      assert.deepEqual(Object.keys(settings).toSorted(), namesRead().toSorted());
      readSettings(env);
    });
  }

  test("gets the settings as they are in the values", async () => {
    const set = ["settings.CLISCALE_GATEWAY_PENDING=7", 'settings.CLISCALE_POD_RANGE=["10.1.0.0/16","10.2.0.0/16"]'];
    const settings = readSettings(environmentOf(await render("production", ...set)));
    assert.equal(settings.caps.pending, 7);
    assert.ok(settings.podRange.check("10.2.3.4") && !settings.podRange.check("10.3.3.4"));
    assert.equal(settings.proxyHops, 2);
    assert.deepEqual([settings.host, settings.port], ["10.64.3.7", 8080]);
    assert.deepEqual([settings.adminHost, settings.adminPort], ["10.64.3.7", 9464]);
  });

  test("has the functions' longest lifetime for a default", async () => {
    const defaults = await render("staging");
    const timeout = policy(defaults, "GCPBackendPolicy").timeoutSec;
    assert.equal(timeout, Number(settingFields.CLISCALE_LIFETIME_MAX_SECONDS.def.defaultValue) + 600);
  });

  test("keeps a socket for longer than the longest session, whatever that is", async () => {
    const documents = await render("production", "settings.CLISCALE_LIFETIME_MAX_SECONDS=40000");
    assert.ok(policy(documents, "GCPBackendPolicy").timeoutSec > 40_000);
  });

  test("has the time to drain that its program takes, and no more than Autopilot grants", async () => {
    for (const profile of profileNames) {
      const documents = await render(profile);
      const pod = podOf(documents);
      const drain = Number(environmentOf(documents)["CLISCALE_DRAIN_SECONDS"]);
      const preStop: number = pod.containers[0].lifecycle?.preStop.sleep.seconds ?? 0;
      const needed = preStop + drain + (2 * defaultDeadlines.close) / 1000;
      assert.ok(pod.terminationGracePeriodSeconds > needed, profile);
      assert.ok(pod.terminationGracePeriodSeconds <= 600, profile);
    }
    const longest = await render("production", "settings.CLISCALE_DRAIN_SECONDS=540", "gateway.preStopSeconds=40");
    assert.equal(podOf(longest).terminationGracePeriodSeconds, 600);
    const draining = policy(longest, "GCPBackendPolicy").connectionDraining.drainingTimeoutSec;
    assert.equal(draining, 600);
  });

  test("is asked for its health where it answers", async () => {
    const documents = await render("production");
    const [container] = podOf(documents).containers;
    assert.deepEqual(container.readinessProbe.httpGet, { path: "/readyz", port: 9464 });
    assert.deepEqual(container.livenessProbe.httpGet, { path: "/healthz", port: 9464 });
    assert.deepEqual(container.startupProbe.httpGet, { path: "/healthz", port: 9464 });
    const { httpHealthCheck } = policy(documents, "HealthCheckPolicy").config;
    assert.deepEqual([httpHealthCheck.port, httpHealthCheck.requestPath], [9464, "/readyz"]);
  });

  test("is reached by https alone: http is redirected, and only /ws/ is passed on", async () => {
    const documents = await render("production");
    const route = find(documents, "HTTPRoute", "cliscale-gateway")["spec"];
    assert.equal(route.parentRefs[0].sectionName, "https");
    assert.deepEqual(route.rules[0].matches, [{ path: { type: "PathPrefix", value: "/ws/" } }]);
    const redirect = find(documents, "HTTPRoute", "cliscale-gateway-redirect")["spec"];
    assert.equal(redirect.parentRefs[0].sectionName, "http");
    assert.equal(redirect.rules[0].backendRefs, undefined);
    assert.equal(redirect.rules[0].filters[0].requestRedirect.scheme, "https");
    const gateway = find(documents, "Gateway", "cliscale-gateway");
    assert.equal(gateway.metadata.annotations?.["networking.gke.io/certmap"], "cliscale-gateway");
    assert.equal(policy(documents, "GCPBackendPolicy").securityPolicy, "cliscale-gateway");
  });

  test("has the metrics that alerts, dashboard and autoscaler look at", async () => {
    const none = { openSockets: () => 0, pendingHandshakes: () => 0, keysAgeMilliseconds: () => 0 };
    const sources = { ...none, activityAgeMilliseconds: () => 0, isDraining: () => false };
    const pool = { totalCount: 0, idleCount: 0, waitingCount: 0 };
    const text = await createMetrics({ ...sources, pool: pool as never }).registry.metrics();
    const known = new Set(
      Array.from(text.matchAll(/^# TYPE (\w+) (\w+)$/gm), ([, name, type]) => nameOf(name!, type!)),
    );
    const files = await Promise.all(
      ["files/alerts.yaml", "files/dashboard.json", "templates/gateway/autoscaler.yaml"].map((file) =>
        readFile(join(chart, file), "utf8"),
      ),
    );
    const used = files.join("\n").match(/\b(cliscale_gateway|nodejs|process)_\w+/g)!;
    assert.ok(new Set(used).size > 10);
    assert.deepEqual(
      used.filter((name) => !known.has(name)),
      [],
    );
  });
});

const nameOf = (name: string, type: string) => (type === "histogram" ? `${name}_bucket` : name);

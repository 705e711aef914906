import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { find, has, type KubernetesObject, type Profile, profileNames, render, skip } from "./support/helm.ts";

const rendered = {} as Record<Profile, KubernetesObject[]>;

const names = (profile: Profile) => rendered[profile].map(({ kind, metadata }) => `${kind} ${metadata.name}`);
const alerts = (profile: Profile, kind: string) => find(rendered[profile], kind, "cliscale-gateway")["spec"];
const deployment = (profile: Profile) => find(rendered[profile], "Deployment", "cliscale-gateway")["spec"];
const autoscaler = (profile: Profile) => find(rendered[profile], "HorizontalPodAutoscaler", "cliscale-gateway")["spec"];
const quota = (profile: Profile) => find(rendered[profile], "ResourceQuota", "cliscale-runners")["spec"].hard;
const environment = (profile: Profile) =>
  Object.fromEntries(
    deployment(profile).template.spec.containers[0].env.map(({ name, value }: Record<string, string>) => [name, value]),
  );

suite("The profiles", { skip }, () => {
  before(async () => {
    for (const profile of profileNames) rendered[profile] = await render(profile);
  });

  test("staging and production are of the same documents, but for the placeholders", () => {
    const added = names("production").filter((name) => !names("staging").includes(name));
    assert.deepEqual(added.toSorted(), ["Deployment cliscale-placeholder", "PriorityClass cliscale-placeholder"]);
    assert.deepEqual(
      names("staging").filter((name) => !names("production").includes(name)),
      [],
    );
  });

  test("production is larger than staging, and staging than dev", () => {
    const pods = (["dev", "staging", "production"] as const).map((profile) => Number(quota(profile).pods));
    assert.ok(pods[0]! < pods[1]! && pods[1]! < pods[2]!, String(pods));
    assert.ok(autoscaler("production").minReplicas >= 3);
    assert.ok(autoscaler("staging").maxReplicas < autoscaler("production").maxReplicas);
  });

  test("those that people rely on never have fewer than two gateways, scale by load, and survive a drained node", () => {
    for (const profile of ["staging", "production"] as const) {
      assert.ok(autoscaler(profile).minReplicas >= 2);
      // A number in the Deployment would undo the autoscaler's at each upgrade.
      assert.equal(deployment(profile).replicas, undefined);
      assert.equal(find(rendered[profile], "PodDisruptionBudget", "cliscale-gateway")["spec"].maxUnavailable, 1);
      assert.equal(deployment(profile).template.spec.topologySpreadConstraints[0].whenUnsatisfiable, "DoNotSchedule");
    }
  });

  test("an upgrade never takes a gateway before its successor is ready", () => {
    for (const profile of profileNames) {
      assert.deepEqual(deployment(profile).strategy.rollingUpdate, { maxUnavailable: 0, maxSurge: 1 });
    }
  });

  test("dev is one gateway, talkative and without alerts", () => {
    assert.equal(deployment("dev").replicas, 1);
    assert.equal(environment("dev").LOG_LEVEL, "debug");
    for (const kind of ["HorizontalPodAutoscaler", "PodDisruptionBudget", "Rules"]) {
      assert.ok(!has(rendered.dev, kind), kind);
    }
  });

  test("a stock ttyd serves in dev alone", () => {
    const ttyd = profileNames.filter((profile) => environment(profile).CLISCALE_TTYD === "on");
    assert.deepEqual(ttyd, ["dev"]);
  });

  test("sessions are in gVisor and fenced everywhere but on the local stack", () => {
    for (const profile of ["dev", "staging", "production"] as const) assert.ok(has(rendered[profile], "NetworkPolicy"));
    assert.ok(!has(rendered.local, "NetworkPolicy"));
    const placeholder = find(rendered.production, "Deployment", "cliscale-placeholder");
    assert.equal(placeholder["spec"].template.spec.runtimeClassName, "gvisor");
  });

  test("the local stack has nothing of Google's: one gateway, its Service and a plain route", () => {
    const kinds = new Set(rendered.local.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`));
    assert.deepEqual(
      Array.from(kinds).filter((kind) => /google|gke|coreos|autoscaling/.test(kind)),
      [],
    );
    assert.equal(deployment("local").replicas, 1);
    const { containers, terminationGracePeriodSeconds } = deployment("local").template.spec;
    assert.equal(containers[0].lifecycle, undefined);
    assert.ok(terminationGracePeriodSeconds < 30);
    assert.deepEqual(
      find(rendered.local, "Gateway", "cliscale-gateway")["spec"].listeners.map(({ name }: { name: string }) => name),
      ["http"],
    );
    assert.equal(environment("local").CLISCALE_GATEWAY_PROXY_HOPS, "0");
  });

  test("a cluster has either Managed Prometheus' kinds or the operator's", () => {
    const kinds = ["PodMonitoring", "Rules", "ServiceMonitor", "PrometheusRule"];
    const of = (profile: Profile) => kinds.filter((kind) => has(rendered[profile], kind));
    assert.deepEqual(of("production"), ["PodMonitoring", "Rules"]);
    assert.deepEqual(of("operator"), ["ServiceMonitor", "PrometheusRule"]);
    assert.deepEqual(alerts("operator", "PrometheusRule"), alerts("production", "Rules"));
  });

  test("the namespace of the runners enforces Pod Security, or is somebody else's", () => {
    const { metadata } = find(rendered.production, "Namespace", "cliscale-runners");
    assert.equal(metadata.labels?.["pod-security.kubernetes.io/enforce"], "restricted");
    assert.ok(!has(rendered.operator, "Namespace"));
  });

  test("hooks: the migration's account and fence come before it, and all of them before the release", () => {
    const hooks = rendered.production.filter(({ metadata }) => metadata.annotations?.["helm.sh/hook"]);
    const weights = Object.fromEntries(
      hooks
        .filter(({ metadata }) => metadata.annotations!["helm.sh/hook"] === "pre-install,pre-upgrade")
        .map(({ kind, metadata }) => [
          `${kind} ${metadata.name}`,
          Number(metadata.annotations!["helm.sh/hook-weight"]),
        ]),
    );
    assert.deepEqual(weights, {
      "ServiceAccount cliscale-migration": -10,
      "NetworkPolicy cliscale-migration-egress": -10,
      "Job cliscale-migration": 0,
    });
    for (const { metadata } of hooks) {
      // What has succeeded leaves nothing that an uninstall would not know of.
      assert.equal(metadata.annotations!["helm.sh/hook-delete-policy"], "before-hook-creation,hook-succeeded");
    }
    const { spec } = find(rendered.production, "Job", "cliscale-migration")["spec"].template;
    assert.equal(spec.serviceAccountName, "cliscale-migration");
    assert.deepEqual(spec.containers[0].args, ["migrate"]);
    assert.equal(spec.containers[0].image, deployment("production").template.spec.containers[0].image);
  });
});

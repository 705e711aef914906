import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultBundleSettings } from "../src/bundleSettings.ts";
import { jobManifest, secretManifest } from "../src/kubernetes/jobManifest.ts";
import { sessionRow } from "./support/sessionRow.ts";

const bundles = defaultBundleSettings;
const settings = { runnerImage: "runner@sha256:0", runtimeClass: "gvisor", lifetimeMaxSeconds: 3600, bundles };
const canary = "c4nary$(HOME)$$";

test("text of a user's reaches the pod unchanged through Kubernetes' expansion of variables", () => {
  const job = jobManifest(sessionRow({ bundle_source: `https://example.com/${canary}` }), settings);
  const env = job.spec!.template.spec!.containers[0]!.env!;
  assert.equal(
    env.find(({ name }) => name === "RUNNER_BUNDLE_SOURCE")?.value,
    "https://example.com/c4nary$$(HOME)$$$$",
  );
});

test("command, environment and secret are in the Secret and nowhere else; the Job owns the Secret", () => {
  const session = sessionRow({ command: `run ${canary}`, pod_secret: "s3cret" });
  const job = JSON.stringify(jobManifest(session, settings));
  assert.ok(!job.includes("c4nary") && !job.includes("s3cret"));

  const secret = secretManifest(session, "uid-1", { TOKEN: canary }, bundles);
  assert.deepEqual(secret.stringData, {
    "pod-secret": "s3cret",
    "env.json": JSON.stringify({ TOKEN: canary }),
    command: `run ${canary}`,
  });
  assert.equal(secret.metadata?.ownerReferences?.[0]?.uid, "uid-1");
  assert.equal(secretManifest({ ...session, command: null }, "uid-1", {}, bundles).stringData?.["command"], undefined);
});

test("labels name the session and hold no text of a user's", () => {
  const session = sessionRow({ owner_uid: "uid-of-ada", bundle_source: "npm:x@1.0.0" });
  const { metadata, spec } = jobManifest(session, settings);
  const labels = {
    "app.kubernetes.io/name": "cliscale-runner",
    "app.kubernetes.io/managed-by": "cliscale",
    "cliscale.dev/session": session.id,
  };
  assert.deepEqual(metadata?.labels, labels);
  assert.deepEqual(spec?.template.metadata?.labels, labels);
  assert.ok(!JSON.stringify([metadata, spec]).includes("uid-of-ada"));
});

test("the pod is as small a risk as Kubernetes can make it, and ends whatever else forgets it", () => {
  const { spec } = jobManifest(sessionRow(), settings);
  assert.ok(spec?.suspend);
  const pod = spec.template.spec!;
  assert.equal(spec.backoffLimit, 0);
  assert.ok(spec.activeDeadlineSeconds! > 3600 && spec.ttlSecondsAfterFinished! > 0);
  assert.equal(pod.restartPolicy, "Never");
  assert.equal(pod.automountServiceAccountToken, false);
  assert.equal(pod.securityContext?.runAsNonRoot, true);
  assert.deepEqual(pod.containers[0]?.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
  assert.equal(pod.runtimeClassName, "gvisor");
  assert.equal(
    jobManifest(sessionRow(), { ...settings, runtimeClass: "" }).spec?.template.spec?.runtimeClassName,
    undefined,
  );
});

test("a pod fetches what a template stands for, and knows what its operator allows", () => {
  const tool = { name: "tool", title: "Tool", description: "A tool.", env: [], npmScripts: [] };
  const allowed = {
    bundleHosts: "private=localhost:8443",
    unpinnedHosts: "localhost:8443",
    npmTags: true,
    npmScripts: "esbuild",
    bundleCa: "PEM",
    templates: [{ ...tool, source: "https://localhost:8443/tool.tgz", sha256: "a".repeat(64) }],
  };
  const variablesOf = (source: string) => {
    const job = jobManifest(sessionRow({ bundle_source: source }), { ...settings, bundles: allowed });
    const env = job.spec!.template.spec!.containers[0]!.env!;
    return Object.fromEntries(env.map(({ name, value }) => [name, value]));
  };
  const variables = variablesOf("template:tool");
  assert.equal(variables["RUNNER_BUNDLE_SOURCE"], "https://localhost:8443/tool.tgz");
  assert.equal(variables["RUNNER_BUNDLE_SHA256"], "a".repeat(64));
  assert.equal(variables["CLISCALE_BUNDLE_HOSTS"], "private=localhost:8443");
  assert.equal(variables["CLISCALE_UNPINNED_HOSTS"], "localhost:8443");
  assert.equal(variables["CLISCALE_NPM_TAGS"], "on");
  assert.equal(variables["CLISCALE_NPM_SCRIPTS"], "esbuild");
  assert.equal(variablesOf("template:shell")["RUNNER_BUNDLE_SOURCE"], "template:shell");
  assert.equal(secretManifest(sessionRow(), "uid-1", {}, allowed).stringData?.["bundle-ca.pem"], "PEM");
});

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type KubernetesObject, profileNames, render, skip } from "./support/helm.ts";
import { type PodSpec, podSecurityViolations } from "./support/podSecurity.ts";
import { sessionJob } from "./support/session.ts";

/** The pods that documents make, by name. */
function podsOf(documents: KubernetesObject[]): [string, PodSpec][] {
  return documents.flatMap(({ kind, metadata, spec }) => {
    if (kind === "Pod") return [[metadata.name, spec]];
    return spec?.template?.spec ? [[metadata.name, spec.template.spec]] : [];
  });
}

/** Those of the chart, and that of a session. */
async function allPods(): Promise<[string, PodSpec][]> {
  const rendered = await Promise.all(profileNames.map((profile) => render(profile)));
  return [...podsOf(rendered.flat()), ["session", sessionJob().spec!.template.spec!]];
}

suite("Every pod, of the chart and of a session", { skip }, () => {
  test("keeps the Pod Security Standard `restricted`", async () => {
    const pods = await allPods();
    const names = new Set(pods.map(([name]) => name));
    assert.deepEqual(Array.from(names).toSorted(), [
      "cliscale-gateway",
      "cliscale-migration",
      "cliscale-placeholder",
      "cliscale-test",
      "session",
    ]);
    for (const [name, spec] of pods) assert.deepEqual(podSecurityViolations(spec), [], name);
  });

  test("has a root file system that cannot be written, no account token, and limits that are its requests", async () => {
    for (const [name, spec] of await allPods()) {
      assert.equal(spec.automountServiceAccountToken, false, name);
      for (const container of spec.containers) {
        assert.equal(container.securityContext.readOnlyRootFilesystem, true, name);
        assert.deepEqual(container.resources.limits, container.resources.requests, name);
        assert.match(container.image, /@sha256:[0-9a-f]{64}$/, name);
      }
    }
  });

  test("no account of the chart mounts a token", async () => {
    const accounts = (await render("production")).filter(({ kind }) => kind === "ServiceAccount");
    assert.equal(accounts.length, 3);
    for (const account of accounts) assert.equal(account["automountServiceAccountToken"], false, account.metadata.name);
  });

  // Each as small a change as makes the pod unsafe.
  const unsafe: Record<string, (spec: PodSpec) => void> = {
    "Host Namespaces": (spec) => (spec.hostNetwork = true),
    HostProcess: (spec) => (spec.securityContext.windowsOptions = { hostProcess: true }),
    "Privileged Containers": (spec) => (spec.containers[0].securityContext.privileged = true),
    Capabilities: (spec) => (spec.containers[0].securityContext.capabilities.add = ["SYS_PTRACE"]),
    "Volume Types": (spec) => (spec.volumes = [{ name: "host", hostPath: { path: "/" } }]),
    "Host Ports": (spec) => (spec.containers[0].ports = [{ containerPort: 1, hostPort: 1 }]),
    "Host Probes / Lifecycle Hooks": (spec) =>
      (spec.containers[0].livenessProbe = { tcpSocket: { host: "169.254.169.254", port: 80 } }),
    "/proc Mount Type": (spec) => (spec.containers[0].securityContext.procMount = "Unmasked"),
    Sysctls: (spec) => (spec.securityContext.sysctls = [{ name: "kernel.msgmax", value: "1" }]),
    "Privilege Escalation": (spec) => delete spec.containers[0].securityContext.allowPrivilegeEscalation,
    "Running as Non-root": (spec) => delete spec.securityContext.runAsNonRoot,
    "Running as Non-root user": (spec) => (spec.securityContext.runAsUser = 0),
    Seccomp: (spec) => delete spec.securityContext.seccompProfile,
  };
  for (const [control, change] of Object.entries(unsafe)) {
    test(`would be refused otherwise: ${control}`, () => {
      const spec = structuredClone(sessionJob().spec!.template.spec!);
      change(spec);
      assert.deepEqual(podSecurityViolations(spec), [control]);
    });
  }
});

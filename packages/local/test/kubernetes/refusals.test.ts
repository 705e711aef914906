// A stand-in must not seem to agree to what it does not do.
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import {
  assertRefused,
  jobManifest,
  type JobOptions,
  jobsPath,
  patchJob,
  podsPath,
  podTemplate,
  secretManifest,
  secretsPath,
  succeeded,
} from "../../contract/kubernetes/steps.ts";
import { openStandIn, type StandInSubject } from "../../contract/kubernetes/subject.ts";

suite("what is not modelled is refused", () => {
  let subject: StandInSubject;
  before(async () => void (subject = await openStandIn({ historyLength: 3 })));
  after(() => subject.close());

  const notModelled: Record<string, JobOptions> = {
    "spec.parallelism": { jobSpec: { parallelism: 2 } },
    "spec.completions": { jobSpec: { completions: 2 } },
    "spec.backoffLimit": { jobSpec: { backoffLimit: -1 } },
    "spec.backoffLimitPerIndex": { jobSpec: { backoffLimitPerIndex: 1 } },
    "spec.podFailurePolicy": { jobSpec: { podFailurePolicy: {} } },
    "spec.template.spec.restartPolicy": { podSpec: { restartPolicy: "Always" } },
    "spec.template.spec.initContainers": { podSpec: { initContainers: [] } },
    "spec.template.spec.hostNetwork": { podSpec: { hostNetwork: true } },
    "spec.template.spec.automountServiceAccountToken": { podSpec: { automountServiceAccountToken: true } },
    "spec.template.spec.containers": { podSpec: { containers: [] } },
    "spec.template.spec.containers[0].livenessProbe": { container: { livenessProbe: {} } },
    "spec.template.spec.containers[0].startupProbe": {
      container: { startupProbe: { tcpSocket: { port: "no port of this name" } } },
    },
    "spec.template.spec.containers[0].livenessProbe.grpc": { container: { livenessProbe: { grpc: { port: 1 } } } },
    "spec.template.spec.containers[0].lifecycle.postStart": { container: { lifecycle: { postStart: {} } } },
    "spec.template.spec.containers[0].lifecycle.preStop.exec": {
      container: { lifecycle: { preStop: { exec: { command: ["true"] } } } },
    },
    "spec.template.spec.containers[0].env[0].valueFrom.resourceFieldRef": {
      container: { env: [{ name: "A", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } }] },
    },
    "spec.template.spec.volumes[0].projected.sources[0].serviceAccountToken": {
      podSpec: { volumes: [{ name: "a", projected: { sources: [{ serviceAccountToken: { path: "token" } }] } }] },
    },
    "spec.template.spec.volumes[0].secret.items[0].path": {
      podSpec: { volumes: [{ name: "a", secret: { secretName: "a", items: [{ key: "a", path: "../up" }] } }] },
    },
    "spec.template.spec.volumes[0].hostPath": { podSpec: { volumes: [{ name: "a", hostPath: { path: "/" } }] } },
    "spec.template.spec.volumes[0].name": { podSpec: { volumes: [{ name: "../up", emptyDir: {} }] } },
    "spec.template.spec.containers[0].volumeMounts[0].name": {
      container: { volumeMounts: [{ name: "none", mountPath: "/none" }] },
    },
  };

  for (const [field, options] of Object.entries(notModelled)) {
    test(field, async () => {
      const body = jobManifest(subject, subject.newName(), options);
      const answer = await subject.send("POST", jobsPath(subject), { body });
      assertRefused(answer, 422, "Invalid");
      const fields = answer.body.details.causes.map((cause: { field: string }) => cause.field);
      assert.ok(fields.includes(field), `causes: ${fields.join()}`);
    });
  }

  test("every wrong field is named, not only the first", async () => {
    const body = jobManifest(subject, subject.newName(), { jobSpec: { parallelism: 2, one: 1, two: 2 } });
    const { body: status } = await subject.send("POST", jobsPath(subject), { body });
    const fields = status.details.causes.map((cause: { field: string }) => cause.field).toSorted();
    assert.deepEqual(fields, ["spec.one", "spec.parallelism", "spec.two"]);
  });

  test("a pod that would be given a token", async () => {
    const metadata = { name: subject.newName() };
    const spec = podTemplate(subject, "true", {}, { automountServiceAccountToken: undefined });
    const answer = await subject.send("POST", podsPath(subject), { body: { metadata, spec } });
    assertRefused(answer, 422, "Invalid");
    assert.equal(answer.body.details.causes[0].field, "spec.automountServiceAccountToken");
  });

  test("a pod of a class that is not there", async () => {
    for (const classOf of [{ priorityClassName: "none" }, { runtimeClassName: "none" }]) {
      const body = { metadata: { name: subject.newName() }, spec: podTemplate(subject, "true", {}, classOf) };
      assertRefused(await subject.send("POST", podsPath(subject), { body }), 403, "Forbidden");
    }
  });

  test("a secret's value that is no base64, without telling it", async () => {
    const body = { ...secretManifest(subject.newName(), {}), data: { key: "not base64!" } };
    assertRefused(await subject.send("POST", secretsPath(subject), { body }), 422, "Invalid");
  });

  test("a secret's key that would lead out of its folder", async () => {
    for (const key of ["..", "../up", ".", "a/b", ""]) {
      const body = secretManifest(subject.newName(), { [key]: "x" });
      assertRefused(await subject.send("POST", secretsPath(subject), { body }), 422, "Invalid");
    }
  });

  test("a secret of more than a megabyte", async () => {
    const body = secretManifest(subject.newName(), { key: "x".repeat(1024 * 1024 + 1) });
    const answer = await subject.send("POST", secretsPath(subject), { body });
    assertRefused(answer, 422, "Invalid");
    assert.ok(answer.text.length < 1000, "the secret is in the answer");
  });

  test("bodies that are no JSON, too large or of another type", async () => {
    const name = subject.newName();
    const protobuf = { "Content-Type": "application/vnd.kubernetes.protobuf" };
    assertRefused(await subject.send("POST", jobsPath(subject), { body: {}, headers: protobuf }), 400, "BadRequest");
    const cbor = await subject.send("POST", jobsPath(subject), {
      body: {},
      headers: { "Content-Type": "application/cbor" },
    });
    assertRefused(cbor, 415, "UnsupportedMediaType");
    const large = secretManifest(name, { key: "x".repeat(4 * 1024 * 1024) });
    assertRefused(await subject.send("POST", secretsPath(subject), { body: large }), 413, "RequestEntityTooLarge");
    assertRefused(await subject.send("POST", jobsPath(subject), { body: [] }), 400, "BadRequest");
    const pod = { ...jobManifest(subject, name), kind: "Pod" };
    assertRefused(await subject.send("POST", jobsPath(subject), { body: pod }), 400, "BadRequest");
  });

  test("directives of a strategic merge patch, and an apply without a manager", async () => {
    const name = subject.newName();
    succeeded(
      await subject.send("POST", jobsPath(subject), {
        body: jobManifest(subject, name, { jobSpec: { suspend: true } }),
      }),
    );
    const patch = (type: string, body: unknown) =>
      subject.send("PATCH", `${jobsPath(subject)}/${name}`, { body, headers: { "Content-Type": type } });
    const strategic = "application/strategic-merge-patch+json";
    assertRefused(await patch(strategic, { metadata: { $unknown: [] } }), 400, "BadRequest");
    assertRefused(await patch(strategic, { metadata: { labels: { $patch: "sideways" } } }), 400, "BadRequest");
    assertRefused(await patch("application/apply-patch+yaml", {}), 400, "BadRequest");
    succeeded(await patch(strategic, { metadata: { labels: { a: "b" } } }));
    const operations = [
      { op: "test", path: "/metadata/labels/a", value: "b" },
      { op: "replace", path: "/spec/suspend", value: true },
      { op: "remove", path: "/metadata/labels/a" },
    ];
    const patched = succeeded(await patch("application/json-patch+json", operations));
    assert.equal(patched.metadata.labels?.["a"], undefined);
    assertRefused(await patch("application/json-patch+json", operations), 400, "BadRequest");
  });

  test("finalizers, also by patch", async () => {
    const name = subject.newName();
    const job = jobManifest(subject, name, { jobSpec: { suspend: true } });
    const metadata = { ...job.metadata, finalizers: ["example.com/mine"] };
    assertRefused(await subject.send("POST", jobsPath(subject), { body: { ...job, metadata } }), 422, "Invalid");
    succeeded(await subject.send("POST", jobsPath(subject), { body: job }));
    assertRefused(await patchJob(subject, name, { metadata: { finalizers: ["example.com/mine"] } }), 422, "Invalid");
  });

  test("states of the past and the future", async () => {
    const answer = await subject.send("GET", `${jobsPath(subject)}?resourceVersion=999999999999999`);
    assertRefused(answer, 504, "Timeout");
    assert.equal(answer.body.details.retryAfterSeconds, 1);
    assertRefused(await subject.send("GET", `${jobsPath(subject)}?continue=abc`), 400, "BadRequest");
    assertRefused(
      await subject.send("GET", `${jobsPath(subject)}?resourceVersion=1&resourceVersionMatch=Exact`),
      400,
      "BadRequest",
    );
    assertRefused(await subject.send("GET", `${jobsPath(subject)}?resourceVersion=x`), 400, "BadRequest");
  });

  test("a watch that would miss changes which are forgotten", async () => {
    const { body } = await subject.send("GET", secretsPath(subject));
    for (let count = 0; count < 4; count += 1) {
      succeeded(await subject.send("POST", secretsPath(subject), { body: secretManifest(subject.newName(), {}) }));
    }
    const query = `watch=true&timeoutSeconds=1&resourceVersion=${body.metadata.resourceVersion}`;
    const { text } = await subject.send("GET", `${secretsPath(subject)}?${query}`, { headers: { Accept: "*/*" } });
    assert.match(text, /"reason":"Expired"/);
  });

  test("methods and paths that are not there", async () => {
    assertRefused(await subject.send("PATCH", jobsPath(subject), { body: {} }), 405, "MethodNotAllowed");
    assertRefused(await subject.send("POST", `${jobsPath(subject)}/name`, { body: {} }), 405, "MethodNotAllowed");
    for (const path of [
      "/apis/apps/v1/statefulsets",
      `${jobsPath(subject)}/name/status`,
      "/api/v1/%E0%A4%A",
      "/nothing",
    ]) {
      assert.equal((await subject.send("GET", path)).status, 404, path);
    }
  });
});

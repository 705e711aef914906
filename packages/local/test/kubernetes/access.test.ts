// Who the stand-in's users are, and what they may do.
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { assertRefused, jobManifest, secretManifest, succeeded } from "../../contract/kubernetes/steps.ts";
import { openStandIn, type StandInSubject } from "../../contract/kubernetes/subject.ts";

const functionsUser = "functions@demo-cliscale.iam.gserviceaccount.com";
const runners = "cliscale-runners";
const jobs = `/apis/batch/v1/namespaces/${runners}/jobs`;
const pods = `/api/v1/namespaces/${runners}/pods`;
const secrets = `/api/v1/namespaces/${runners}/secrets`;

suite("the functions' user", () => {
  let subject: StandInSubject;
  before(async () => void (subject = await openStandIn()));
  after(() => subject.close());

  const send = (method: string, path: string, options: { body?: unknown; headers?: Record<string, string> } = {}) =>
    subject.send(method, path, { ...options, token: subject.standIn.tokens.functions });

  test("may do with Jobs, pods and secrets of its namespace what sessions need", async () => {
    const name = subject.newName();
    const job = jobManifest(subject, name, { jobSpec: { suspend: true } });
    succeeded(await send("POST", jobs, { body: job }));
    succeeded(await send("GET", jobs));
    succeeded(await send("GET", `${jobs}/${name}`));
    const headers = { "Content-Type": "application/merge-patch+json" };
    succeeded(await send("PATCH", `${jobs}/${name}`, { body: { spec: { suspend: true } }, headers }));
    succeeded(await send("DELETE", `${jobs}/${name}?propagationPolicy=Background`));
    succeeded(await send("GET", pods));
    assertRefused(await send("GET", `${pods}/none`), 404, "NotFound");
    assert.equal((await send("GET", `${pods}?watch=true&timeoutSeconds=1`)).status, 200);
    succeeded(await send("POST", secrets, { body: secretManifest(name, {}) }));
    assert.equal((await send("GET", "/version")).status, 200);
    assert.equal((await send("GET", "/apis/batch/v1")).status, 200);
  });

  test("may do nothing else", async () => {
    const name = subject.newName();
    const refusals: [string, string, string][] = [
      [
        "GET",
        secrets,
        `secrets is forbidden: User "${functionsUser}" cannot list resource "secrets" in API group "" in the namespace "${runners}"`,
      ],
      [
        "GET",
        `${secrets}/${name}`,
        `secrets "${name}" is forbidden: User "${functionsUser}" cannot get resource "secrets" in API group "" in the namespace "${runners}"`,
      ],
      [
        "GET",
        `${jobs}?watch=true`,
        `jobs.batch is forbidden: User "${functionsUser}" cannot watch resource "jobs" in API group "batch" in the namespace "${runners}"`,
      ],
      [
        "PUT",
        `${jobs}/${name}`,
        `jobs.batch "${name}" is forbidden: User "${functionsUser}" cannot update resource "jobs" in API group "batch" in the namespace "${runners}"`,
      ],
      [
        "DELETE",
        jobs,
        `jobs.batch is forbidden: User "${functionsUser}" cannot deletecollection resource "jobs" in API group "batch" in the namespace "${runners}"`,
      ],
      [
        "POST",
        pods,
        `pods is forbidden: User "${functionsUser}" cannot create resource "pods" in API group "" in the namespace "${runners}"`,
      ],
      [
        "GET",
        `${pods}/${name}/log`,
        `pods "${name}" is forbidden: User "${functionsUser}" cannot get resource "pods/log" in API group "" in the namespace "${runners}"`,
      ],
      [
        "GET",
        "/apis/batch/v1/namespaces/default/jobs",
        `jobs.batch is forbidden: User "${functionsUser}" cannot list resource "jobs" in API group "batch" in the namespace "default"`,
      ],
      [
        "GET",
        "/apis/batch/v1/jobs",
        `jobs.batch is forbidden: User "${functionsUser}" cannot list resource "jobs" in API group "batch" at the cluster scope`,
      ],
      [
        "GET",
        "/api/v1/namespaces",
        `namespaces is forbidden: User "${functionsUser}" cannot list resource "namespaces" in API group "" at the cluster scope`,
      ],
      ["POST", "/faults", `forbidden: User "${functionsUser}" cannot post path "/faults"`],
    ];
    for (const [method, path, message] of refusals) {
      const answer = await send(method, path, method === "PUT" || method === "POST" ? { body: {} } : {});
      assertRefused(answer, 403, "Forbidden");
      assert.equal(answer.body.message, message);
    }
  });

  test("may do nothing once its binding is gone", async () => {
    const binding = `/apis/rbac.authorization.k8s.io/v1/namespaces/${runners}/rolebindings/cliscale-functions`;
    const { body } = await subject.send("GET", binding);
    succeeded(await subject.send("DELETE", binding));
    assertRefused(await send("GET", jobs), 403, "Forbidden");
    const { apiVersion, kind, roleRef, subjects } = body;
    const again = { apiVersion, kind, roleRef, subjects, metadata: { name: "cliscale-functions" } };
    succeeded(await subject.send("POST", binding.replace(/\/[^/]*$/, ""), { body: again }));
    succeeded(await send("GET", jobs));
  });

  test("is the only one, but for the administrator", async () => {
    for (const token of [null, "", "x", subject.standIn.tokens.functions.slice(1)]) {
      const answer = await subject.send("GET", jobs, { token });
      assertRefused(answer, 401, "Unauthorized");
      assert.equal(answer.body.message, "Unauthorized");
    }
    assert.equal((await subject.send("GET", "/readyz", { token: null })).text, "ok");
  });
});

// Faults that are injected happen, as often as they say, to what they match.
import assert from "node:assert/strict";
import { after, afterEach, before, suite, test } from "node:test";
import {
  assertRefused,
  createJob,
  isRunning,
  jobManifest,
  jobsPath,
  podsPath,
  stateOf,
  succeeded,
  trueCondition,
  untilPodOf,
  untilTerminated,
} from "../../contract/kubernetes/steps.ts";
import { openStandIn, type StandInSubject } from "../../contract/kubernetes/subject.ts";

suite("an injected fault", () => {
  let subject: StandInSubject;
  before(async () => void (subject = await openStandIn()));
  afterEach(async () => void (await subject.send("DELETE", "/faults")));
  after(() => subject.close());

  const inject = async (fault: unknown) => succeeded(await subject.send("POST", "/faults", { body: fault }));
  const suspended = (name: string) => jobManifest(subject, name, { jobSpec: { suspend: true } });

  test("refuses a request that it matches, once, with nothing done", async () => {
    const name = subject.newName();
    const error = { code: 503, reason: "ServiceUnavailable", message: "etcd is busy", retryAfterSeconds: 7 };
    await inject({ match: { verb: "create", resource: "jobs" }, fault: { error } });
    succeeded(await subject.send("GET", jobsPath(subject)));
    const answer = await subject.send("POST", jobsPath(subject), { body: suspended(name) });
    assertRefused(answer, 503, "ServiceUnavailable");
    assert.equal(answer.headers["retry-after"], "7");
    assert.equal(answer.body.details.retryAfterSeconds, 7);
    succeeded(await subject.send("POST", jobsPath(subject), { body: suspended(name) }));
  });

  test("happens as often as it says, to the user and the name that it names", async () => {
    const error = { code: 429, reason: "TooManyRequests" };
    await inject([
      { match: { user: "somebody" }, fault: { error } },
      { match: { user: "admin", name: "one", resource: "pods" }, fault: { error }, times: 2 },
    ]);
    assertRefused(await subject.send("GET", `${podsPath(subject)}/other`), 404, "NotFound");
    assertRefused(await subject.send("GET", `${podsPath(subject)}/one`), 429, "TooManyRequests");
    assertRefused(await subject.send("GET", `${podsPath(subject)}/one`), 429, "TooManyRequests");
    assertRefused(await subject.send("GET", `${podsPath(subject)}/one`), 404, "NotFound");
    const { body } = await subject.send("GET", "/faults");
    assert.equal(body.faults.length, 1);
  });

  test("delays", async () => {
    await inject({ fault: { delayMilliseconds: 300 } });
    const began = performance.now();
    succeeded(await subject.send("GET", jobsPath(subject)));
    assert.ok(performance.now() - began >= 290);
  });

  test("cuts the connection before the request is looked at", async () => {
    const name = subject.newName();
    await inject({ fault: { cut: "beforeRequest" } });
    await assert.rejects(subject.send("POST", jobsPath(subject), { body: suspended(name) }), { code: "ECONNRESET" });
    assertRefused(await subject.send("GET", `${jobsPath(subject)}/${name}`), 404, "NotFound");
  });

  test("cuts the connection when the request has been carried out", async () => {
    const name = subject.newName();
    await inject({ fault: { cut: "beforeResponse" } });
    await assert.rejects(subject.send("POST", jobsPath(subject), { body: suspended(name) }), { code: "ECONNRESET" });
    succeeded(await subject.send("GET", `${jobsPath(subject)}/${name}`));
  });

  test("cuts the connection in the middle of the answer", async () => {
    await inject({ match: { verb: "list" }, fault: { cut: "midBody" } });
    await assert.rejects(subject.send("GET", jobsPath(subject)), { code: "ECONNRESET" });
  });

  test("cuts a watch at its first event, which is lost", async () => {
    const name = subject.newName();
    await inject({ match: { verb: "watch" }, fault: { cut: "watch" } });
    const { body } = await subject.send("GET", jobsPath(subject));
    const watching = subject.send(
      "GET",
      `${jobsPath(subject)}?watch=true&resourceVersion=${body.metadata.resourceVersion}`,
    );
    const cut = assert.rejects(watching, { code: "ECONNRESET" });
    succeeded(await subject.send("POST", jobsPath(subject), { body: suspended(name) }));
    await cut;
  });

  test("leaves a request that was carried out without an answer", async () => {
    const name = subject.newName();
    await inject({ fault: { hang: true } });
    const answered = subject.send("POST", jobsPath(subject), { body: suspended(name) }).then(() => true);
    const stayedSilent = untilThere(name).then(() => false);
    assert.equal(await Promise.race([answered, stayedSilent]), false);
    answered.catch(() => undefined);
  });

  test("that is none is refused", async () => {
    assertRefused(await subject.send("POST", "/faults", { body: { fault: { explode: true } } }), 400, "BadRequest");
    assertRefused(await subject.send("PUT", "/faults", { body: {} }), 405, "MethodNotAllowed");
  });

  test("keeps a pod from being scheduled", async () => {
    const name = subject.newName();
    await inject({ match: { job: name }, fault: { pod: "unschedulable" } });
    await createJob(subject, name, { script: "exit 0" });
    const pod = await untilPodOf(subject, name, "it cannot be scheduled", (each) =>
      Boolean(
        each.status.conditions?.some(({ type, reason }) => type === "PodScheduled" && reason === "Unschedulable"),
      ),
    );
    assert.equal(pod.status.phase, "Pending");
    assert.equal(pod.spec.nodeName, undefined);
  });

  test("keeps a pod's image from being pulled", async () => {
    const name = subject.newName();
    await inject({ match: { job: name }, fault: { pod: "imagePull" } });
    await createJob(subject, name, { script: "exit 0" });
    await untilPodOf(
      subject,
      name,
      "its image cannot be pulled",
      (pod) => stateOf(pod)?.waiting?.reason === "ErrImagePull",
    );
  });

  test("keeps a pod from being ready", async () => {
    const name = subject.newName();
    await inject({ match: { job: name }, fault: { pod: "neverReady" } });
    await createJob(subject, name, { script: "sleep 0.5" });
    await untilPodOf(subject, name, "it has ended", (pod) => {
      assert.equal(trueCondition(pod, "Ready"), undefined);
      return !isRunning(pod) && stateOf(pod)?.terminated !== undefined;
    });
  });

  test("kills a pod that wants more memory than it may have", async () => {
    const name = subject.newName();
    await inject({ match: { job: name }, fault: { pod: "oomKilled" } });
    await createJob(subject, name, { script: "sleep 60" });
    const { exitCode, reason } = await untilTerminated(subject, name);
    assert.deepEqual([exitCode, reason], [137, "OOMKilled"]);
  });

  async function untilThere(name: string): Promise<void> {
    while ((await subject.send("GET", `${jobsPath(subject)}/${name}`)).status !== 200);
  }
});

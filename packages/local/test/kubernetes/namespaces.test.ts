// Namespaces come and go with what is in them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type WatchEvent, watchEvents } from "../../contract/kubernetes/request.ts";
import { assertRefused, jobManifest, secretManifest, succeeded } from "../../contract/kubernetes/steps.ts";
import { openStandIn, type StandInSubject } from "../../contract/kubernetes/subject.ts";

let subject: StandInSubject;
before(async () => void (subject = await openStandIn()));
after(() => subject.close());

test("a namespace that is deleted takes in nothing, and goes when it is empty", async () => {
  const name = subject.newName();
  const path = `/api/v1/namespaces/${name}`;
  const created = succeeded(await subject.send("POST", "/api/v1/namespaces", { body: { metadata: { name } } }));
  assert.equal(created.metadata.labels?.["kubernetes.io/metadata.name"], name);
  const job = jobManifest(subject, name, {
    script: "trap 'sleep 3; exit 0' TERM; echo ready; sleep 60 & wait",
    podSpec: { terminationGracePeriodSeconds: 30 },
  });
  succeeded(await subject.send("POST", `/apis/batch/v1/namespaces/${name}/jobs`, { body: job }));
  succeeded(await subject.send("POST", `${path}/secrets`, { body: secretManifest(name, {}) }));
  await untilFirstLine(path);

  const deleted = await subject.send("DELETE", path);
  assert.equal(deleted.body.status.phase, "Terminating");
  const late = await subject.send("POST", `${path}/secrets`, { body: secretManifest("late", {}) });
  assertRefused(late, 403, "Forbidden");
  assert.match(late.body.message, /because it is being terminated/);
  const query = `fieldSelector=metadata.name%3D${name}&resourceVersion=${deleted.body.metadata.resourceVersion}`;
  const events = watchEvents(subject.kubeConfig, `/api/v1/namespaces?watch=true&${query}`, AbortSignal.timeout(60_000));
  const { value } = await events.next();
  assert.equal((value as WatchEvent | undefined)?.type, "DELETED");
  await events.return(undefined);
  assertRefused(await subject.send("GET", path), 404, "NotFound");
  assert.deepEqual((await subject.send("GET", `/apis/batch/v1/namespaces/${name}/jobs`)).body.items, []);
});

test("the namespaces that the cluster lives in cannot be deleted", async () => {
  for (const name of ["default", "kube-system"]) {
    assertRefused(await subject.send("DELETE", `/api/v1/namespaces/${name}`), 403, "Forbidden");
  }
});

/** Waits until the only pod of a namespace has written something. */
async function untilFirstLine(path: string): Promise<void> {
  for (;;) {
    const { body } = await subject.send("GET", `${path}/pods`);
    const [pod] = body.items as { metadata: { name: string } }[];
    if (!pod) continue;
    const log = await subject.send("GET", `${path}/pods/${pod.metadata.name}/log?follow=true&limitBytes=1`);
    if (log.text === "r") return;
  }
}

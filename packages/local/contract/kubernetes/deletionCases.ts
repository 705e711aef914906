import assert from "node:assert/strict";
import type { ContractCase } from "../support/contract.ts";
import type { ApiObject } from "../../src/kubernetes/resources/objects.ts";
import type { Pod } from "../../src/kubernetes/resources/pod.ts";
import {
  assertRefused,
  createJob,
  isRunning,
  jobsPath,
  podsOf,
  podsPath,
  secretManifest,
  secretsPath,
  stateOf,
  succeeded,
  untilGone,
  untilNoPodOf,
  untilPodOf,
} from "./steps.ts";
import type { KubernetesSubject } from "./subject.ts";

async function createSecret(subject: KubernetesSubject, name: string, owner: ApiObject): Promise<void> {
  succeeded(await subject.send("POST", secretsPath(subject), { body: secretManifest(name, { a: "b" }, owner) }));
}

/** What goes with what. */
export const deletionCases: ContractCase<KubernetesSubject>[] = [
  {
    name: "a Job deleted without a policy leaves its pod and its secret, and they have no owner then",
    async check(subject) {
      const name = subject.newName();
      const job = await createJob(subject, name, { script: "sleep 60" });
      await createSecret(subject, name, job);
      const pod = await untilPodOf(subject, name, "it runs", isRunning);
      const answer = await subject.send("DELETE", `${jobsPath(subject)}/${name}`);
      succeeded(answer);
      assert.match(String(answer.headers["warning"]), /child pods are preserved by default/);
      await untilGone(subject, jobsPath(subject), name);
      const orphan = await untilPodOf(
        subject,
        name,
        "it has no owner",
        (each) => !each.metadata.ownerReferences?.length,
      );
      assert.equal(orphan.metadata.uid, pod.metadata.uid);
      assert.equal(orphan.metadata.deletionTimestamp, undefined);
      const { body: secret } = await subject.send("GET", `${secretsPath(subject)}/${name}`);
      assert.equal(secret.metadata.ownerReferences?.length ?? 0, 0);
    },
  },
  {
    name: "a Job deleted in the background is gone at once, its pod and its secret soon",
    async check(subject) {
      const name = subject.newName();
      const job = await createJob(subject, name, { script: "sleep 60" });
      await createSecret(subject, name, job);
      await untilPodOf(subject, name, "it runs", isRunning);
      const body = { propagationPolicy: "Background" };
      const answer = await subject.send("DELETE", `${jobsPath(subject)}/${name}`, { body });
      assert.equal(answer.status, 200);
      assert.equal(answer.body.kind, "Status");
      assert.equal(answer.body.status, "Success");
      assert.equal(answer.body.details.uid, job.metadata.uid);
      assertRefused(await subject.send("GET", `${jobsPath(subject)}/${name}`), 404, "NotFound");
      await untilNoPodOf(subject, name);
      await untilGone(subject, secretsPath(subject), name);
    },
  },
  {
    name: "a Job deleted in the foreground is gone when its pod is",
    async check(subject) {
      const name = subject.newName();
      await createJob(subject, name, {
        script: "trap 'sleep 3; exit 0' TERM; echo ready; sleep 60 & wait",
        podSpec: { terminationGracePeriodSeconds: 30 },
      });
      await untilWritten(subject, await untilPodOf(subject, name, "it runs", isRunning), "ready");
      const path = `${jobsPath(subject)}/${name}?propagationPolicy=Foreground`;
      succeeded(await subject.send("DELETE", path));
      const { body: job } = await subject.send("GET", `${jobsPath(subject)}/${name}`);
      assert.deepEqual(job.metadata?.finalizers, ["foregroundDeletion"]);
      assert.ok(job.metadata.deletionTimestamp);
      await untilGone(subject, jobsPath(subject), name);
      assert.deepEqual(await podsOf(subject, name), []);
    },
  },
  {
    name: "what is created for an owner that is gone goes, too",
    async check(subject) {
      const name = subject.newName();
      const job = await createJob(subject, name, { jobSpec: { suspend: true } });
      succeeded(await subject.send("DELETE", `${jobsPath(subject)}/${name}?propagationPolicy=Background`));
      await createSecret(subject, name, job);
      await untilGone(subject, secretsPath(subject), name);
    },
  },
  {
    name: "a deletion whose precondition does not hold is a conflict",
    async check(subject) {
      const name = subject.newName();
      await createJob(subject, name, { jobSpec: { suspend: true } });
      const body = { propagationPolicy: "Background", preconditions: { uid: "00000000-0000-4000-8000-000000000000" } };
      assertRefused(await subject.send("DELETE", `${jobsPath(subject)}/${name}`, { body }), 409, "Conflict");
    },
  },
  {
    name: "a pod that is deleted has its grace period, and is there until its program has ended",
    async check(subject) {
      const name = subject.newName();
      const script = "trap 'sleep 0.5; echo -n ended > $MESSAGE; exit 5' TERM; echo ready; sleep 60 & wait";
      const podSpec = { terminationGracePeriodSeconds: 30 };
      await createJob(subject, name, { script, podSpec });
      const pod = await untilPodOf(subject, name, "it runs", isRunning);
      await untilWritten(subject, pod, "ready");
      const { body } = await subject.send("DELETE", `${podsPath(subject)}/${pod.metadata.name}`);
      assert.equal(body.metadata.deletionGracePeriodSeconds, 30);
      const left = Date.parse(body.metadata.deletionTimestamp) - Date.now();
      assert.ok(left > 25_000 && left <= 31_000, `${left} ms left`);
      const ended = await untilPodOf(subject, name, "it has ended", (each) => stateOf(each)?.terminated !== undefined);
      assert.equal(stateOf(ended)?.terminated?.exitCode, 5);
      assert.equal(stateOf(ended)?.terminated?.message, "ended");
      await untilGone(subject, podsPath(subject), pod.metadata.name);
    },
  },
  {
    name: "a pod that does not end within its grace period is killed",
    async check(subject) {
      const name = subject.newName();
      await createJob(subject, name, { script: "trap '' TERM; echo ready; while :; do sleep 1; done" });
      const pod = await untilPodOf(subject, name, "it runs", isRunning);
      await untilWritten(subject, pod, "ready");
      succeeded(await subject.send("DELETE", `${podsPath(subject)}/${pod.metadata.name}`));
      const ended = await untilPodOf(subject, name, "it has ended", (each) => stateOf(each)?.terminated !== undefined);
      assert.equal(stateOf(ended)?.terminated?.exitCode, 137);
      await untilGone(subject, podsPath(subject), pod.metadata.name);
    },
  },
  {
    name: "a pod that waits for its secret can be deleted",
    async check(subject) {
      const name = subject.newName();
      await createJob(subject, name, {
        container: { volumeMounts: [{ name: "mine", mountPath: "/mine" }] },
        podSpec: { volumes: [{ name: "mine", secret: { secretName: name } }], terminationGracePeriodSeconds: 60 },
      });
      const pod = await untilPodOf(subject, name, "it waits", (each) => stateOf(each)?.waiting !== undefined);
      succeeded(await subject.send("DELETE", `${podsPath(subject)}/${pod.metadata.name}`));
      await untilGone(subject, podsPath(subject), pod.metadata.name);
    },
  },
  {
    name: "a pod deleted without grace is gone at once",
    async check(subject) {
      const name = subject.newName();
      await createJob(subject, name, { script: "sleep 60" });
      const pod = await untilPodOf(subject, name, "it runs", isRunning);
      succeeded(await subject.send("DELETE", `${podsPath(subject)}/${pod.metadata.name}?gracePeriodSeconds=0`));
      assertRefused(await subject.send("GET", `${podsPath(subject)}/${pod.metadata.name}`), 404, "NotFound");
    },
  },
];

/** Waits, by following its log, until a pod has written a line. */
async function untilWritten(subject: KubernetesSubject, pod: Pod, line: string): Promise<void> {
  const path = `${podsPath(subject)}/${pod.metadata.name}/log?follow=true&limitBytes=${line.length}`;
  assert.equal((await subject.send("GET", path)).text, line);
}

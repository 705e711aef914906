import assert from "node:assert/strict";
import type { ContractCase } from "../support/contract.ts";
import {
  createJob,
  isRunning,
  jobsPath,
  patchJob,
  podsOf,
  podsPath,
  stateOf,
  succeeded,
  trueCondition,
  untilGone,
  untilJob,
  untilNoPodOf,
  untilPodOf,
} from "./steps.ts";
import type { KubernetesSubject } from "./subject.ts";

const seconds = (from: string | undefined, to: string | undefined) => (Date.parse(to!) - Date.parse(from!)) / 1000;

/** The life of a Job of one pod. */
export const jobCases: ContractCase<KubernetesSubject>[] = [
  {
    name: "a Job whose program succeeds is complete",
    async check(subject) {
      const name = subject.newName();
      await createJob(subject, name, { script: "exit 0" });
      const job = await untilJob(subject, name, "it is complete", (each) => Boolean(trueCondition(each, "Complete")));
      assert.equal(trueCondition(job, "SuccessCriteriaMet")?.reason, "CompletionsReached");
      assert.equal(trueCondition(job, "Failed"), undefined);
      assert.equal(job.status.succeeded, 1);
      assert.equal(job.status.active ?? 0, 0);
      assert.ok(seconds(job.status.startTime, job.status.completionTime) >= 0);
      const [pod] = await podsOf(subject, name);
      assert.equal(pod?.status.phase, "Succeeded");
      assert.equal(stateOf(pod)?.terminated?.exitCode, 0);
      assert.equal(stateOf(pod)?.terminated?.reason, "Completed");
    },
  },
  {
    name: "a Job whose program fails is failed, and is not tried again",
    async check(subject) {
      const name = subject.newName();
      await createJob(subject, name, { script: "exit 3" });
      const job = await untilJob(subject, name, "it is failed", (each) => Boolean(trueCondition(each, "Failed")));
      assert.equal(trueCondition(job, "Failed")?.reason, "BackoffLimitExceeded");
      assert.equal(trueCondition(job, "FailureTarget")?.reason, "BackoffLimitExceeded");
      assert.equal(trueCondition(job, "Complete"), undefined);
      assert.equal(job.status.failed, 1);
      assert.equal(job.status.completionTime, undefined);
      const pods = await podsOf(subject, name);
      assert.equal(pods.length, 1);
      assert.equal(pods[0]?.status.phase, "Failed");
      assert.equal(stateOf(pods[0])?.terminated?.exitCode, 3);
      assert.equal(stateOf(pods[0])?.terminated?.reason, "Error");
    },
  },
  {
    name: "a Job's pod is owned by it and bears its labels",
    async check(subject) {
      const name = subject.newName();
      const job = await createJob(subject, name, { script: "sleep 60" });
      const pod = await untilPodOf(subject, name, "it runs", isRunning);
      const [owner] = pod.metadata.ownerReferences ?? [];
      assert.equal(owner?.kind, "Job");
      assert.equal(owner?.uid, job.metadata.uid);
      assert.equal(owner?.controller, true);
      assert.equal(owner?.blockOwnerDeletion, true);
      assert.equal(pod.metadata.labels?.["batch.kubernetes.io/job-name"], name);
      assert.equal(pod.metadata.labels?.["batch.kubernetes.io/controller-uid"], job.metadata.uid);
      assert.equal(pod.metadata.labels?.["cliscale.dev/contract"], name);
      assert.ok(pod.metadata.name.startsWith(`${name}-`));
      const active = await untilJob(subject, name, "it counts its pod", (each) => each.status.active === 1);
      assert.ok(active.status.startTime);
    },
  },
  {
    name: "a suspended Job starts nothing until it is resumed",
    async check(subject) {
      const name = subject.newName();
      await createJob(subject, name, { jobSpec: { suspend: true, activeDeadlineSeconds: 60 } });
      const waiting = await untilJob(subject, name, "it says so", (each) => Boolean(trueCondition(each, "Suspended")));
      assert.equal(waiting.status.startTime, undefined);
      assert.deepEqual(await podsOf(subject, name), []);
      const patched = succeeded(await patchJob(subject, name, { spec: { suspend: false } }));
      assert.equal(patched.metadata.generation, 2);
      const job = await untilJob(subject, name, "it is complete", (each) => Boolean(trueCondition(each, "Complete")));
      assert.equal(trueCondition(job, "Suspended"), undefined);
      assert.ok(job.status.startTime);
    },
  },
  {
    name: "a running Job that is suspended loses its pod, and gets another when it is resumed",
    async check(subject) {
      const name = subject.newName();
      await createJob(subject, name, { script: "sleep 60" });
      const first = await untilPodOf(subject, name, "it runs", isRunning);
      succeeded(await patchJob(subject, name, { spec: { suspend: true } }));
      await untilGone(subject, podsPath(subject), first.metadata.name);
      const suspended = await untilJob(subject, name, "it says so", (each) =>
        Boolean(trueCondition(each, "Suspended")),
      );
      assert.equal(trueCondition(suspended, "Failed"), undefined);
      assert.equal(suspended.status.startTime, undefined);
      succeeded(await patchJob(subject, name, { spec: { suspend: false } }));
      const second = await untilPodOf(subject, name, "it runs again", isRunning);
      assert.notEqual(second.metadata.uid, first.metadata.uid);
    },
  },
  {
    name: "a Job that outlasts its deadline is failed, and its pod is ended",
    async check(subject) {
      const name = subject.newName();
      await createJob(subject, name, { script: "sleep 60", jobSpec: { activeDeadlineSeconds: 1 } });
      const job = await untilJob(subject, name, "it is failed", (each) => Boolean(trueCondition(each, "Failed")));
      assert.equal(trueCondition(job, "Failed")?.reason, "DeadlineExceeded");
      assert.equal(job.status.active ?? 0, 0);
      await untilNoPodOf(subject, name);
    },
  },
  {
    name: "a finished Job is removed with its pod when its time has passed",
    async check(subject) {
      const name = subject.newName();
      await createJob(subject, name, { jobSpec: { ttlSecondsAfterFinished: 1 } });
      await untilGone(subject, jobsPath(subject), name);
      await untilNoPodOf(subject, name);
    },
  },
  {
    name: "a Job whose pod is deleted is failed",
    async check(subject) {
      const name = subject.newName();
      await createJob(subject, name, { script: "sleep 60" });
      const pod = await untilPodOf(subject, name, "it runs", isRunning);
      succeeded(await subject.send("DELETE", `${podsPath(subject)}/${pod.metadata.name}`));
      const job = await untilJob(subject, name, "it is failed", (each) => Boolean(trueCondition(each, "Failed")));
      assert.equal(trueCondition(job, "Failed")?.reason, "BackoffLimitExceeded");
      assert.equal(job.status.failed, 1);
    },
  },
];

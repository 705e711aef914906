import assert from "node:assert/strict";
import { type ContractCase, refuses } from "../support/contract.ts";
import { createJob, getJob, type Job, milliseconds, uniqueName, untilJob, yearly } from "./steps.ts";
import type { SchedulerSubject } from "./subject.ts";

const clockSkewMilliseconds = 60_000;

function now({ sandbox }: SchedulerSubject): number {
  return sandbox ? sandbox.clock.now() : Date.now();
}

/** Midnight of the next New Year in UTC, in milliseconds since 1970. */
function newYear(subject: SchedulerSubject): number {
  return Date.UTC(new Date(now(subject)).getUTCFullYear() + 1, 0, 1);
}

/** Jobs as resources, and one attempt that cannot succeed. */
export const jobCases: ContractCase<SchedulerSubject>[] = [
  {
    name: "a job is what was asked for, with the defaults that are documented",
    async check(subject) {
      const name = uniqueName(subject);
      const created = await createJob(subject, {
        name,
        description: "for the contract",
        httpTarget: { uri: subject.deadUrl },
      });
      assert.deepEqual(await getJob(subject, name), created);
      assert.equal(created.name, name);
      assert.equal(created.description, "for the contract");
      assert.equal(created.schedule, yearly);
      assert.equal(created.timeZone, "UTC");
      assert.equal(created.state, "ENABLED");
      assert.equal(created.httpTarget?.uri, subject.deadUrl);
      assert.equal(created.httpTarget?.httpMethod, "POST");
      assert.equal(Number(created.attemptDeadline?.seconds), 180);
      assert.equal(created.retryConfig?.retryCount, 0);
      assert.equal(Number(created.retryConfig?.minBackoffDuration?.seconds), 5);
      assert.equal(Number(created.retryConfig?.maxBackoffDuration?.seconds), 3600);
      assert.equal(created.retryConfig?.maxDoublings, 5);
      assert.equal(created.lastAttemptTime, null);
      assert.equal(created.status, null);
      assert.ok(Math.abs(milliseconds(created.userUpdateTime) - now(subject)) < clockSkewMilliseconds);
    },
  },
  {
    name: "a schedule is read in the job's time zone",
    async check(subject) {
      const inUtc = await createJob(subject);
      assert.equal(milliseconds(inUtc.scheduleTime), newYear(subject));
      const inNewYork = await createJob(subject, { timeZone: "America/New_York" });
      assert.equal(inNewYork.timeZone, "America/New_York");
      assert.equal(milliseconds(inNewYork.scheduleTime), newYear(subject) + 5 * 3_600_000);
    },
  },
  {
    name: "a list holds every job of the location once, in as many pages as it takes",
    async check(subject) {
      const { client, parent } = subject;
      const created = new Set<string>();
      for (let count = 0; count < 3; count += 1) created.add((await createJob(subject)).name);
      const [all] = await client.listJobs({ parent });
      assert.equal(all.filter(({ name }) => created.has(name!)).length, 3);

      const names: string[] = [];
      let pageToken = "";
      do {
        const [page, , answer] = await client.listJobs({ parent, pageSize: 2, pageToken }, { autoPaginate: false });
        assert.ok(page.length <= 2);
        names.push(...page.map(({ name }) => name!));
        pageToken = answer.nextPageToken!;
        assert.ok(names.length <= all.length, "pages end");
      } while (pageToken !== "");
      assert.equal(new Set(names).size, names.length);
      assert.ok([...created].every((name) => names.includes(name)));

      const elsewhere = parent.replace(/[^/]+$/, "europe-west1");
      const [others] = await client.listJobs({ parent: elsewhere });
      assert.ok(others.every(({ name }) => !created.has(name!)));
    },
  },
  {
    name: "a job without a name is given one",
    async check(subject) {
      const [created] = await subject.client.createJob({
        parent: subject.parent,
        job: { schedule: yearly, httpTarget: { uri: subject.deadUrl } },
      });
      subject.jobs.push(created.name!);
      assert.ok(created.name!.startsWith(`${subject.parent}/jobs/`));
      assert.equal((await getJob(subject, created.name!)).name, created.name);
    },
  },
  {
    name: "a name is given once, and a job that does not exist is NOT_FOUND",
    async check(subject) {
      const { client } = subject;
      const { name } = await createJob(subject);
      await refuses(createJob(subject, { name }), "ALREADY_EXISTS");
      const none = uniqueName(subject);
      await refuses(client.getJob({ name: none }), "NOT_FOUND");
      await refuses(client.updateJob({ job: { name: none }, updateMask: { paths: ["description"] } }), "NOT_FOUND");
      await refuses(client.deleteJob({ name: none }), "NOT_FOUND");
      await refuses(client.pauseJob({ name: none }), "NOT_FOUND");
      await refuses(client.resumeJob({ name: none }), "NOT_FOUND");
      await refuses(client.runJob({ name: none }), "NOT_FOUND");
    },
  },
  {
    name: "a deleted job is gone",
    async check(subject) {
      const { name } = await createJob(subject);
      await subject.client.deleteJob({ name });
      await refuses(subject.client.getJob({ name }), "NOT_FOUND");
      const [jobs] = await subject.client.listJobs({ parent: subject.parent });
      assert.ok(jobs.every((job) => job.name !== name));
    },
  },
  {
    name: "what makes no sense is INVALID_ARGUMENT, and no job comes of it",
    async check(subject) {
      const { deadUrl: uri } = subject;
      const wrong: Job[] = [
        { schedule: "" },
        { schedule: "sometimes" },
        { schedule: "61 * * * *" },
        { schedule: "* * * * * *" },
        { timeZone: "Europe/Atlantis" },
        { httpTarget: { uri: "ftp://127.0.0.1/" } },
        { httpTarget: { uri, httpMethod: "GET", body: Buffer.from("body") } },
        { retryConfig: { retryCount: 6 } },
        { retryConfig: { retryCount: -1 } },
        { attemptDeadline: { seconds: 14 } },
        { attemptDeadline: { seconds: 1801 } },
        { name: `${subject.parent}/jobs/not a name` },
        { description: "x".repeat(501) },
      ];
      for (const part of wrong) {
        const job = { name: uniqueName(subject), ...part };
        await refuses(createJob(subject, job), "INVALID_ARGUMENT");
        if (!part.name) await refuses(subject.client.getJob({ name: job.name }), "NOT_FOUND");
      }
      await refuses(subject.client.listJobs({ parent: "locations/nowhere" }), "INVALID_ARGUMENT");
    },
  },
  {
    name: "an update changes what its mask names, and that alone",
    async check(subject) {
      const { client } = subject;
      const before = await createJob(subject, { description: "before", retryConfig: { retryCount: 3 } });
      const { name } = before;
      const [after] = await client.updateJob({
        job: { name, description: "after", schedule: "0 12 1 1 *", retryConfig: { retryCount: 1 } },
        updateMask: { paths: ["schedule"] },
      });
      assert.equal(after.schedule, "0 12 1 1 *");
      assert.equal(after.description, "before");
      assert.deepEqual(after.retryConfig, before.retryConfig);
      assert.deepEqual(after.httpTarget, before.httpTarget);
      assert.equal(milliseconds(after.scheduleTime), newYear(subject) + 12 * 3_600_000);
      assert.deepEqual(await getJob(subject, name), after);
      const update = (job: Job, ...paths: string[]) =>
        client.updateJob({ job: { name, ...job }, updateMask: { paths } });
      await refuses(update({ description: "after" }, "colour"), "INVALID_ARGUMENT");
      await refuses(update({ schedule: "sometimes" }, "schedule"), "INVALID_ARGUMENT");
      assert.deepEqual(await getJob(subject, name), after);
    },
  },
  {
    name: "a job is paused once and resumed once",
    async check(subject) {
      const { client } = subject;
      const { name, scheduleTime } = await createJob(subject);
      await refuses(client.resumeJob({ name }), "FAILED_PRECONDITION");
      assert.equal((await client.pauseJob({ name }))[0].state, "PAUSED");
      assert.equal((await getJob(subject, name)).state, "PAUSED");
      await refuses(client.pauseJob({ name }), "FAILED_PRECONDITION");
      assert.equal((await client.resumeJob({ name }))[0].state, "ENABLED");
      assert.deepEqual((await getJob(subject, name)).scheduleTime, scheduleTime);
    },
  },
  {
    name: "an attempt that reaches nobody is a failed one",
    async check(subject) {
      const { name, scheduleTime } = await createJob(subject);
      const [answer] = await subject.client.runJob({ name });
      assert.equal(answer.name, name);
      const job = await untilJob(subject, name, ({ status }) => status !== null);
      assert.notEqual(job.status!.code, 0);
      assert.ok(Math.abs(milliseconds(job.lastAttemptTime) - now(subject)) < clockSkewMilliseconds);
      assert.equal(job.state, "ENABLED");
      assert.deepEqual(job.scheduleTime, scheduleTime);
    },
  },
];

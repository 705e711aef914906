import assert from "node:assert/strict";
import { status } from "@grpc/grpc-js";
import type { ContractCase } from "../support/contract.ts";
import { createAimedJob, getJob, milliseconds, untilJob, whatIsDueHasBegun } from "./steps.ts";
import type { SchedulerSubject } from "./subject.ts";

const minute = 60_000;
const everyMinute = "* * * * *";

function sandboxed(name: string, check: ContractCase<SchedulerSubject>["check"]): ContractCase<SchedulerSubject> {
  return { name, check, skip };
}

function skip({ sandbox }: SchedulerSubject): string | undefined {
  return sandbox ? undefined : "needs to set the time and receive the requests";
}

/** What is sent, when, and what comes of the answers. */
export const attemptCases: ContractCase<SchedulerSubject>[] = [
  sandboxed("a job runs when it is due, and says for when", async (subject) => {
    const job = await createAimedJob(subject, { schedule: everyMinute });
    const time = await job.letTimeCome();
    const request = await job.next();
    assert.equal(request.method, "POST");
    assert.equal(request.body, "");
    assert.equal(request.headers["user-agent"], "Google-Cloud-Scheduler");
    assert.equal(request.headers["x-cloudscheduler"], "true");
    assert.equal(request.headers["x-cloudscheduler-jobname"], job.name.split("/").at(-1));
    assert.equal(Date.parse(request.headers["x-cloudscheduler-scheduletime"] as string), time);

    const after = await job.answer(request, 204);
    assert.equal(after.status?.code, status.OK);
    assert.equal(milliseconds(after.lastAttemptTime), time);
    assert.equal(milliseconds(after.scheduleTime), time + minute);
    await job.letTimeCome();
    await job.next();
    assert.equal(job.received().length, 2);
  }),
  sandboxed("a job runs when it is told to, in between", async (subject) => {
    const job = await createAimedJob(subject);
    const now = subject.sandbox!.clock.now();
    await subject.client.runJob({ name: job.name });
    (await job.next()).answer(200);
    const after = await untilJob(subject, job.name, (changed) => changed.status !== null);
    assert.equal(after.status?.code, status.OK);
    assert.equal(milliseconds(after.lastAttemptTime), now);
    assert.deepEqual(after.scheduleTime, job.scheduleTime);
  }),
  sandboxed("method, headers and body are the job's, but for the headers that are the scheduler's", async (subject) => {
    const job = await createAimedJob(subject, {
      httpTarget: {
        httpMethod: "PUT",
        body: Buffer.from('{"some":"body"}'),
        headers: { "X-Secret": "s3cret", "X-CloudScheduler": "false", "User-Agent": "Mozilla", Host: "example.com" },
      },
    });
    await subject.client.runJob({ name: job.name });
    const { method, body, headers } = await job.next();
    assert.equal(method, "PUT");
    assert.equal(body, '{"some":"body"}');
    assert.equal(headers["content-type"], "application/octet-stream");
    assert.equal(headers["x-secret"], "s3cret");
    assert.equal(headers["x-cloudscheduler"], "true");
    assert.equal(headers["user-agent"], "Google-Cloud-Scheduler");
    assert.equal(headers.host, new URL(subject.sandbox!.target.url).host);
  }),
  sandboxed("an answer that is not 2xx is a failure, with a code of its own", async (subject) => {
    const wanted = { 302: "UNKNOWN", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 500: "INTERNAL", 503: "UNAVAILABLE" };
    for (const [httpStatus, code] of Object.entries(wanted)) {
      const job = await createAimedJob(subject);
      await subject.client.runJob({ name: job.name });
      (await job.next()).answer(Number(httpStatus));
      const after = await untilJob(subject, job.name, (changed) => changed.status !== null);
      assert.equal(after.status?.code, status[code as "UNKNOWN"], httpStatus);
    }
  }),
  sandboxed("an attempt that is not answered in time is DEADLINE_EXCEEDED", async (subject) => {
    const { clock } = subject.sandbox!;
    const job = await createAimedJob(subject, { attemptDeadline: { seconds: 30 } });
    await subject.client.runJob({ name: job.name });
    await job.next();
    clock.advanceTo(clock.now() + 29_000);
    await whatIsDueHasBegun(subject);
    assert.equal((await getJob(subject, job.name)).status, null);
    clock.advanceTo(clock.now() + 1_000);
    const after = await untilJob(subject, job.name, (changed) => changed.status !== null);
    assert.equal(after.status?.code, status.DEADLINE_EXCEEDED);
  }),
  sandboxed("a failure is not tried again unless the job says so", async (subject) => {
    const job = await createAimedJob(subject, { schedule: everyMinute });
    const time = await job.letTimeCome();
    const after = await job.answer(await job.next(), 500);
    assert.equal(milliseconds(after.scheduleTime), time + minute);
  }),
  sandboxed("a failure is tried again as often as the job says, after longer and longer waits", async (subject) => {
    const retryConfig = {
      retryCount: 5,
      minBackoffDuration: { seconds: 10 },
      maxBackoffDuration: { seconds: 100 },
      maxDoublings: 2,
    };
    const job = await createAimedJob(subject, { schedule: "0 * * * *", retryConfig });
    const time = await job.letTimeCome();
    let last = time;
    for (const wait of [10, 20, 40, 80, 100]) {
      const after = await job.answer(await job.next(), 503);
      assert.equal(milliseconds(after.scheduleTime) - last, wait * 1000);
      last = await job.letTimeCome();
    }
    const request = await job.next();
    assert.equal(Date.parse(request.headers["x-cloudscheduler-scheduletime"] as string), time);
    const after = await job.answer(request, 503);
    assert.equal(milliseconds(after.scheduleTime), time + 60 * minute);
    assert.equal(job.received().length, 6);
  }),
  sandboxed("the next time comes before a retry, and a success ends the retries", async (subject) => {
    const retryConfig = { retryCount: 5, minBackoffDuration: { seconds: 40 }, maxDoublings: 1 };
    const job = await createAimedJob(subject, { schedule: everyMinute, retryConfig });
    const time = await job.letTimeCome();
    await job.answer(await job.next(), 500);
    assert.equal(await job.letTimeCome(), time + 40_000);
    const failedTwice = await job.answer(await job.next(), 500);
    assert.equal(milliseconds(failedTwice.scheduleTime), time + minute);
    await job.letTimeCome();
    const succeeded = await job.answer(await job.next(), 200);
    assert.equal(milliseconds(succeeded.scheduleTime), time + 2 * minute);
  }),
  sandboxed("a paused job does not run when it is due, and a resumed one does", async (subject) => {
    const { clock } = subject.sandbox!;
    const job = await createAimedJob(subject, { schedule: everyMinute });
    await subject.client.pauseJob({ name: job.name });
    clock.advanceTo(clock.now() + 10 * minute);
    await whatIsDueHasBegun(subject);
    assert.equal((await getJob(subject, job.name)).lastAttemptTime, null);
    assert.equal(job.received().length, 0);
    const [resumed] = await subject.client.resumeJob({ name: job.name });
    assert.ok(milliseconds(resumed.scheduleTime) > clock.now());
    await job.letTimeCome();
    await job.next();
  }),
  sandboxed("a deleted job does not run", async (subject) => {
    const { clock } = subject.sandbox!;
    const job = await createAimedJob(subject, { schedule: everyMinute });
    await subject.client.deleteJob({ name: job.name });
    clock.advanceTo(clock.now() + minute);
    await whatIsDueHasBegun(subject);
    assert.equal(job.received().length, 0);
  }),
  sandboxed("a job never overlaps itself: what comes due while it runs is late", async (subject) => {
    const { clock } = subject.sandbox!;
    const job = await createAimedJob(subject, { schedule: everyMinute });
    const time = await job.letTimeCome();
    const first = await job.next();
    clock.advanceTo(time + 2.5 * minute);
    await whatIsDueHasBegun(subject);
    assert.equal(milliseconds((await getJob(subject, job.name)).lastAttemptTime), time);
    assert.equal(job.received().length, 1);

    first.answer(200);
    const late = await job.next();
    assert.equal(Date.parse(late.headers["x-cloudscheduler-scheduletime"] as string), time + minute);
    late.answer(200);
    const after = await untilJob(subject, job.name, (changed) => milliseconds(changed.scheduleTime) > clock.now());
    assert.equal(milliseconds(after.scheduleTime), time + 3 * minute);
    assert.equal(job.received().length, 2);
  }),
  sandboxed("jobs and what came of them outlive a restart", async (subject) => {
    const { sandbox, client } = subject;
    const job = await createAimedJob(subject, { schedule: everyMinute, description: "kept" });
    await job.letTimeCome();
    const before = await job.answer(await job.next(), 404);
    const paused = await createAimedJob(subject);
    await client.pauseJob({ name: paused.name });
    await sandbox!.restart();
    assert.deepEqual(await getJob(subject, job.name).catch(String), before);
    assert.equal((await getJob(subject, paused.name)).state, "PAUSED");
    await job.letTimeCome();
    await job.next();
  }),
];

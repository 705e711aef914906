import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { protos } from "@google-cloud/scheduler";
import type { ReceivedRequest } from "./target.ts";
import type { SchedulerSubject } from "./subject.ts";

export type Job = protos.google.cloud.scheduler.v1.IJob;

/** A schedule that is not due while a case runs, whatever the date. */
export const yearly = "0 0 1 1 *";

const attemptMilliseconds = 60_000;

export async function createJob(subject: SchedulerSubject, job: Job = {}): Promise<Job & { name: string }> {
  const [created] = await subject.client.createJob({
    parent: subject.parent,
    job: {
      name: uniqueName(subject),
      schedule: yearly,
      timeZone: "UTC",
      httpTarget: { uri: subject.deadUrl },
      ...job,
    },
  });
  subject.jobs.push(created.name!);
  return created as Job & { name: string };
}

export function uniqueName({ parent }: SchedulerSubject): string {
  return `${parent}/jobs/contract-${randomUUID()}`;
}

export async function getJob({ client }: SchedulerSubject, name: string): Promise<Job> {
  return (await client.getJob({ name }))[0];
}

/** Attempts happen in the background, which nothing tells clients of but the job. */
export async function untilJob(subject: SchedulerSubject, name: string, wanted: (job: Job) => boolean): Promise<Job> {
  const deadline = Date.now() + (subject.sandbox ? 5_000 : attemptMilliseconds);
  for (;;) {
    const job = await getJob(subject, name);
    if (wanted(job)) return job;
    assert.ok(Date.now() < deadline, `${name} has not become what was wanted: ${JSON.stringify(job)}`);
    await delay(subject.sandbox ? 10 : 1_000);
  }
}

/** Milliseconds since 1970. */
export function milliseconds(time: protos.google.protobuf.ITimestamp | null | undefined): number {
  assert.ok(time, "a time");
  return Number(time.seconds) * 1000 + (time.nanos ?? 0) / 1e6;
}

/** A job that is aimed at the sandbox, with a path of its own there. */
export async function createAimedJob(subject: SchedulerSubject, job: Job = {}) {
  const { clock, target } = subject.sandbox!;
  const path = `/${randomUUID()}`;
  const created = await createJob(subject, {
    ...job,
    httpTarget: { ...job.httpTarget, uri: `${target.url}${path}` },
  });
  const { name } = created;
  return {
    ...created,
    received: () => target.requests.filter(({ url }) => url === path),
    /** Lets the next time come for which the job is scheduled, and returns that time. */
    async letTimeCome(): Promise<number> {
      const time = milliseconds((await getJob(subject, name)).scheduleTime);
      clock.advanceTo(time);
      return time;
    },
    next: () => target.next(path),
    /** Answers a request and waits until the job knows. */
    async answer(request: ReceivedRequest, status: number): Promise<Job> {
      const before = milliseconds((await getJob(subject, name)).scheduleTime);
      request.answer(status);
      return untilJob(
        subject,
        name,
        (after) =>
          after.status !== null && (after.scheduleTime === null || milliseconds(after.scheduleTime) !== before),
      );
    },
  };
}

/** Resolves when the attempts that were due have begun, by the sign that a later one has arrived. */
export async function whatIsDueHasBegun(subject: SchedulerSubject): Promise<void> {
  const later = await createAimedJob(subject);
  await subject.client.runJob({ name: later.name });
  (await later.next()).answer(200);
}

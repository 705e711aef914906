// What only the stand-in does: stand in for `firebase deploy`, refuse what it does not model, and keep its state in a file.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, readFile, rmdir, stat, writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { status } from "@grpc/grpc-js";
import { createAimedJob, createJob, getJob, type Job, milliseconds, untilJob } from "../../contract/scheduler/steps.ts";
import { openStandIn } from "../../contract/scheduler/subject.ts";
import { createTestClock } from "../../contract/scheduler/testClock.ts";
import { refuses } from "../../contract/support/contract.ts";
import { systemClock } from "../../src/scheduler/clock.ts";
import type { ScheduledFunction } from "../../src/scheduler/deploy.ts";
import { startScheduler } from "../../src/scheduler/server.ts";

let subject: Awaited<ReturnType<typeof openStandIn>>;
let functions: ScheduledFunction[] = [{ name: "sweepSessions", schedule: "* * * * *" }];

before(async () => {
  subject = await openStandIn((options) => startScheduler({ ...options, functions }));
});
after(() => subject.close());

const deployedName = (name: string) => `${subject.parent}/jobs/firebase-schedule-${name}-us-central1`;

test("scheduled functions have the jobs that firebase deploy would have made", async () => {
  const job = await getJob(subject, deployedName("sweepSessions"));
  assert.equal(job.schedule, "* * * * *");
  assert.equal(job.timeZone, "UTC");
  assert.equal(job.httpTarget?.uri, "http://127.0.0.1:1/demo-cliscale/us-central1/sweepSessions-0");
  assert.equal(job.httpTarget?.httpMethod, "POST");
});

test("another deployment updates, adds and removes jobs, and leaves the rest alone", async () => {
  const sweep = deployedName("sweepSessions");
  const other = await createJob(subject);
  await subject.client.pauseJob({ name: sweep });
  await subject.client.runJob({ name: sweep });
  const attempted = await untilJob(subject, sweep, (job) => job.status !== null);
  await subject.sandbox.restart();
  assert.deepEqual(await getJob(subject, sweep), attempted, "the same again changes nothing");

  const headers = { "X-Secret": "s3cret" };
  functions = [
    { name: "sweepSessions", schedule: "*/5 * * * *", headers },
    { name: "rotateSigningKey", schedule: "0 3 * * *", timeZone: "Europe/Paris" },
  ];
  await subject.sandbox.restart();
  const updated = await getJob(subject, sweep);
  assert.equal(updated.schedule, "*/5 * * * *");
  assert.deepEqual(updated.httpTarget?.headers, headers);
  assert.equal(updated.state, "PAUSED");
  assert.deepEqual(updated.lastAttemptTime, attempted.lastAttemptTime);
  assert.equal((await getJob(subject, deployedName("rotateSigningKey"))).timeZone, "Europe/Paris");

  functions = [];
  await subject.sandbox.restart();
  await refuses(subject.client.getJob({ name: sweep }), "NOT_FOUND");
  assert.deepEqual(await getJob(subject, other.name), other);
});

test("fields and values that are not modelled are UNIMPLEMENTED", async () => {
  const { deadUrl: uri } = subject;
  const unmodelled: Job[] = [
    { httpTarget: null, pubsubTarget: { topicName: "projects/demo-cliscale/topics/topic" } },
    { httpTarget: null, appEngineHttpTarget: { relativeUri: "/" } },
    { httpTarget: { uri, oidcToken: { serviceAccountEmail: "robot@example.com" } } },
    { httpTarget: { uri, oauthToken: { serviceAccountEmail: "robot@example.com" } } },
    { schedule: "every 5 minutes" },
  ];
  for (const job of unmodelled) await refuses(createJob(subject, job), "UNIMPLEMENTED");
});

test("what is output only is ignored in a request", async () => {
  const created = await createJob(subject, { state: "PAUSED", status: { code: 5 }, lastAttemptTime: { seconds: 1 } });
  assert.equal(created.state, "ENABLED");
  assert.equal(created.status, null);
  assert.equal(created.lastAttemptTime, null);
});

test("an update can name a part of a composite field, or nothing and mean what is there", async () => {
  const { client } = subject;
  const { name } = await createJob(subject, { retryConfig: { retryCount: 2, maxDoublings: 3 } });
  const [byPart] = await client.updateJob({
    job: { name, retryConfig: { retryCount: 4 } },
    updateMask: { paths: ["retry_config.retry_count"] },
  });
  assert.equal(byPart.retryConfig?.retryCount, 4);
  assert.equal(byPart.retryConfig?.maxDoublings, 3);
  const [byPresence] = await client.updateJob({ job: { name, description: "there" } });
  assert.deepEqual({ ...byPresence, userUpdateTime: null }, { ...byPart, userUpdateTime: null, description: "there" });
});

test("what came due while the stand-in was stopped is left out", async () => {
  const { clock, restart } = subject.sandbox;
  const job = await createAimedJob(subject, { schedule: "* * * * *" });
  await subject.server.stop();
  clock.advanceTo(clock.now() + 10 * 60_000);
  await restart();
  assert.ok(milliseconds((await getJob(subject, job.name)).scheduleTime) > clock.now());
  await job.letTimeCome();
  await job.next();
  assert.equal(job.received().length, 1);
});

test("a job that is told to run while it runs, runs again after that", async () => {
  const job = await createAimedJob(subject);
  await subject.client.runJob({ name: job.name });
  const first = await job.next();
  await subject.client.runJob({ name: job.name });
  await subject.client.runJob({ name: job.name });
  assert.equal(job.received().length, 1);
  first.answer(200);
  (await job.next()).answer(200);
  await untilJob(subject, job.name, ({ status: last }) => last !== null);
  assert.equal(job.received().length, 2);
});

test("a target that breaks off, or talks nonsense, makes attempts fail and nothing else", async () => {
  const behaviours: ((socket: Socket) => unknown)[] = [
    (socket) => socket.destroy(),
    (socket) => socket.end("nonsense\r\n\r\n"),
    (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"),
  ];
  for (const behave of behaviours) {
    const server = createServer((socket) => socket.on("error", () => undefined).once("data", () => behave(socket)));
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const { name } = await createJob(subject, { httpTarget: { uri: `http://127.0.0.1:${port}/` } });
    await subject.client.runJob({ name });
    const job = await untilJob(subject, name, ({ status: last }) => last !== null);
    assert.equal(job.status?.code, status.UNAVAILABLE);
    server.close();
  }
});

test("an attempt that is cut off by a stop is not counted as failed", async () => {
  const job = await createAimedJob(subject);
  await subject.client.runJob({ name: job.name });
  await job.next();
  await subject.sandbox.restart();
  const cutOff = await getJob(subject, job.name);
  assert.equal(cutOff.status, null);
  assert.notEqual(cutOff.lastAttemptTime, null);
});

test("a state that cannot be written holds jobs up, and does not make them spin", async () => {
  const { clock, restart } = subject.sandbox;
  const job = await createAimedJob(subject, { schedule: "* * * * *" });
  const temporary = join(subject.stateDir, "scheduler/state.json.tmp");
  await mkdir(temporary);
  const time = await job.letTimeCome();
  await refuses(subject.client.pauseJob({ name: job.name }), "INTERNAL");
  assert.equal((await getJob(subject, job.name)).state, "ENABLED");
  await rmdir(temporary);
  assert.equal(job.received().length, 0);
  clock.advanceTo(time + 60_000);
  await job.next();
  await restart();
});

test("injected faults strike here as well", async () => {
  subject.server.inject({ method: "ListJobs", error: { code: "PERMISSION_DENIED" } });
  await refuses(subject.client.listJobs({ parent: subject.parent }), "PERMISSION_DENIED");
  await subject.client.listJobs({ parent: subject.parent });
});

test("the system's clock waits for a year without calling back at once", async () => {
  const calledBack = await new Promise<boolean>((resolve) => {
    const cancel = systemClock.setTimeout(() => resolve(true), 365 * 24 * 3_600_000);
    systemClock.setTimeout(() => {
      cancel();
      resolve(false);
    }, 20);
  });
  assert.equal(calledBack, false);
});

test("jobs are readable by their owner alone, and a damaged state is said to be", async () => {
  const { stateDir } = subject;
  const path = join(stateDir, "scheduler/state.json");
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  const kept = await readFile(path);
  await subject.server.stop();
  await writeFile(path, "[]");
  const options = { port: 0, stateDir, clock: createTestClock(), functionsUrl: "http://127.0.0.1:1/p/r" };
  await assert.rejects(startScheduler(options), (error: Error) => error.message.startsWith(`${path} is damaged`));
  await writeFile(path, kept);
});

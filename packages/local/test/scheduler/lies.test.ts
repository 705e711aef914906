// The contract is only worth what it notices: each of these lies must break the promise that it is about.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { status } from "@grpc/grpc-js";
import { openStandIn, type StartOptions } from "../../contract/scheduler/subject.ts";
import { schedulerContract } from "../../contract/scheduler/suite.ts";
import {
  answers,
  asks,
  assertCaught,
  type Lie as HandlerLie,
  type Message,
  without,
} from "../../contract/support/lies.ts";
import type { Handlers } from "../../src/grpc/server.ts";
import { type SendAttempt, sendAttempt } from "../../src/scheduler/attempt.ts";
import { serveScheduler } from "../../src/scheduler/server.ts";
import { createSchedulerService } from "../../src/scheduler/service.ts";

/** A lie is about what the API says, or about what is sent to the target. */
type Lie = Pick<HandlerLie, "name" | "breaks"> & { tell?: HandlerLie["tell"]; send?: SendAttempt };

/** A lie about having done what one method is for. */
function pretends(method: string, lie: (job: Message) => unknown) {
  return (honest: Handlers): Handlers => ({
    [method]: async (request: Message) => lie(await honest["GetJob"]!({ name: request.name })) as object,
  });
}

const lies: Lie[] = [
  {
    name: "a time zone is kept and not used",
    breaks: "a schedule is read in the job's time zone",
    tell: (honest) => ({
      CreateJob: async (request: Message) => ({
        ...(await honest["CreateJob"]!({ ...request, job: { ...request.job, timeZone: "UTC" } })),
        timeZone: request.job.timeZone,
      }),
    }),
  },
  {
    name: "a list misses the last job",
    breaks: "a list holds every job of the location once, in as many pages as it takes",
    tell: answers("ListJobs", (answer) => ({ ...answer, jobs: answer.jobs.slice(0, -1) })),
  },
  {
    name: "every page is the first",
    breaks: "a list holds every job of the location once, in as many pages as it takes",
    tell: asks("ListJobs", (request) => without(request, "pageToken")),
  },
  {
    name: "jobs of one location are listed in another",
    breaks: "a list holds every job of the location once, in as many pages as it takes",
    tell: asks("ListJobs", (request) => ({ ...request, parent: request.parent.replace(/[^/]+$/, "us-central1") })),
  },
  {
    name: "an update without regard to its mask",
    breaks: "an update changes what its mask names, and that alone",
    tell: asks("UpdateJob", (request) => without(request, "updateMask")),
  },
  {
    name: "an unknown field in a mask is agreed to",
    breaks: "an update changes what its mask names, and that alone",
    tell: asks("UpdateJob", (request) =>
      request.updateMask?.paths.includes("colour") ? { ...request, updateMask: { paths: ["time_zone"] } } : request,
    ),
  },
  {
    name: "too many retries are cut down without a word",
    breaks: "what makes no sense is INVALID_ARGUMENT, and no job comes of it",
    tell: asks("CreateJob", ({ job, ...request }) => ({
      ...request,
      job: job.retryConfig?.retryCount > 5 ? { ...job, retryConfig: { retryCount: 5 } } : job,
    })),
  },
  {
    name: "a job that does not exist is run",
    breaks: "a name is given once, and a job that does not exist is NOT_FOUND",
    tell: (honest) => ({
      RunJob: async (request: Message) => {
        try {
          return await honest["RunJob"]!(request);
        } catch {
          return request;
        }
      },
    }),
  },
  {
    name: "a job is written over",
    breaks: "a name is given once, and a job that does not exist is NOT_FOUND",
    tell: (honest) => ({
      CreateJob: async (request: Message) => {
        try {
          return await honest["CreateJob"]!(request);
        } catch {
          await honest["DeleteJob"]!({ name: request.job.name });
          return honest["CreateJob"]!(request);
        }
      },
    }),
  },
  {
    name: "a deleted job goes on",
    breaks: "a deleted job does not run",
    tell: pretends("DeleteJob", () => ({})),
  },
  {
    name: "a paused job goes on",
    breaks: "a paused job does not run when it is due, and a resumed one does",
    tell: pretends("PauseJob", (job) => ({ ...job, state: "PAUSED" })),
  },
  {
    name: "states are not looked at",
    breaks: "a job is paused once and resumed once",
    tell: (honest) => ({
      ResumeJob: async (request: Message) => {
        await Promise.resolve(honest["PauseJob"]!(request)).catch(() => undefined);
        return honest["ResumeJob"]!(request);
      },
    }),
  },
  {
    name: "a job that is told to run does not",
    breaks: "a job runs when it is told to, in between",
    tell: pretends("RunJob", (job) => job),
  },
  {
    name: "retries are forgotten",
    breaks: "a failure is tried again as often as the job says, after longer and longer waits",
    tell: asks("CreateJob", ({ job, ...request }) => ({ ...request, job: without(job, "retryConfig") })),
  },
  {
    name: "the wait between retries stays the same",
    breaks: "a failure is tried again as often as the job says, after longer and longer waits",
    tell: asks("CreateJob", ({ job, ...request }) => ({
      ...request,
      job: { ...job, retryConfig: { ...job.retryConfig, maxBackoffDuration: { seconds: 10 } } },
    })),
  },
  {
    name: "every attempt is a success",
    breaks: "an attempt that reaches nobody is a failed one",
    send: async (attempt) => {
      await sendAttempt(attempt);
      return status.OK;
    },
  },
  {
    name: "every failure is the same",
    breaks: "an answer that is not 2xx is a failure, with a code of its own",
    send: async (attempt) => ((await sendAttempt(attempt)) === status.OK ? status.OK : status.UNKNOWN),
  },
  {
    name: "headers are left out",
    breaks: "method, headers and body are the job's, but for the headers that are the scheduler's",
    send: ({ job, ...attempt }) =>
      sendAttempt({ ...attempt, job: { ...job, httpTarget: { ...job.httpTarget, headers: {} } } }),
  },
  {
    name: "it is always said to be due now",
    breaks: "a job never overlaps itself: what comes due while it runs is late",
    send: (attempt) => sendAttempt({ ...attempt, scheduledFor: attempt.clock.now() }),
  },
  {
    name: "answers are not waited for",
    breaks: "a job never overlaps itself: what comes due while it runs is late",
    send: async (attempt) => {
      void sendAttempt(attempt);
      return status.OK;
    },
  },
  {
    name: "the deadline of attempts is not kept",
    breaks: "an attempt that is not answered in time is DEADLINE_EXCEEDED",
    send: ({ job, ...attempt }) => sendAttempt({ ...attempt, job: { ...job, attemptDeadline: 1800 } }),
  },
];

describe("the contract catches", { concurrency: 4 }, () => {
  for (const lie of lies) {
    test(lie.name, async () => {
      const subject = await openStandIn((options) => startLying(options, lie));
      try {
        await assertCaught(schedulerContract, lie, subject);
      } finally {
        await subject.close();
      }
    });
  }

  test("jobs are lost on restart", async () => {
    const subject = await openStandIn(async (options) => {
      await rm(join(options.stateDir, "scheduler"), { recursive: true, force: true });
      return startLying(options);
    });
    try {
      await assertCaught(schedulerContract, { breaks: "jobs and what came of them outlive a restart" }, subject);
    } finally {
      await subject.close();
    }
  });
});

async function startLying(options: StartOptions, lie?: Lie) {
  const service = await createSchedulerService({ ...options, send: lie?.send });
  const server = await serveScheduler({ ...service.handlers, ...lie?.tell?.(service.handlers) }, options);
  return {
    ...server,
    async stop() {
      await server.stop();
      await service.stop();
    },
  };
}

import { randomUUID } from "node:crypto";
import type { Logger } from "@cliscale/service";
import { page } from "../grpc/page.ts";
import { parseRequest } from "../grpc/request.ts";
import type { Handlers } from "../grpc/server.ts";
import type { StateFile } from "../stateFile.ts";
import { StatusError } from "../grpc/statusError.ts";
import { type SendAttempt, sendAttempt } from "./attempt.ts";
import { type Clock, systemClock } from "./clock.ts";
import { createDispatcher, type Dispatcher, setScheduleTime } from "./dispatcher.ts";
import { findJob, type Job, jobMessage, openSchedulerState, type SchedulerState } from "./job.ts";
import { createRequest, listRequest, nameRequest, parseUpdate } from "./jobRequests.ts";
import { nextTime } from "./schedule.ts";

export interface SchedulerServiceOptions {
  /** Jobs live in its folder `scheduler`. */
  stateDir: string;
  clock?: Clock | undefined;
  send?: SendAttempt | undefined;
  logger?: Logger | undefined;
}

export interface SchedulerService {
  handlers: Handlers;
  stop: Dispatcher["stop"];
}

interface Scheduler {
  file: StateFile<SchedulerState>;
  clock: Clock;
  dispatcher: Dispatcher;
}

const pageLimits = { defaultSize: 500, maximumSize: 500 };

/**
 * The modelled part of google.cloud.scheduler.v1.CloudScheduler, without its network. What came due while it did not run is
 * left out.
 */
export async function createSchedulerService({
  stateDir,
  clock = systemClock,
  send = sendAttempt,
  logger,
}: SchedulerServiceOptions): Promise<SchedulerService> {
  const file = await openSchedulerState(stateDir);
  await file.update((state) => Object.values(state.jobs).forEach((job) => skipMissed(job, clock.now())));
  const dispatcher = createDispatcher({ file, clock, send, logger });
  return { handlers: jobHandlers({ file, clock, dispatcher }), stop: dispatcher.stop };
}

function skipMissed(job: Job, now: number): void {
  if (job.state === "ENABLED" && !(job.scheduleTime && Date.parse(job.scheduleTime) > now)) planNext(job, now);
}

function planNext(job: Job, now: number): void {
  setScheduleTime(job, nextTime(job.schedule, job.timeZone, now));
}

function jobHandlers({ file, clock, dispatcher }: Scheduler) {
  /** Changes a job and lets the dispatcher know. */
  async function change(name: string, apply: (job: Job) => void): Promise<object> {
    const message = await file.update((state) => {
      const job = findJob(state, name);
      apply(job);
      return jobMessage(job);
    });
    dispatcher.reschedule(name);
    return message;
  }

  return {
    async CreateJob(request) {
      const { parent, job: settings } = parseRequest(createRequest, request);
      const name = settings.name ?? `${parent}/jobs/${randomUUID()}`;
      if (!name.startsWith(`${parent}/`)) throw new StatusError("INVALID_ARGUMENT", "job.name: is not below parent");
      const userUpdateTime = new Date(clock.now()).toISOString();
      await file.update(({ jobs }) => {
        if (Object.hasOwn(jobs, name)) throw new StatusError("ALREADY_EXISTS", `${name} already exists`);
        const job: Job = { ...settings, name, state: "ENABLED", userUpdateTime };
        planNext(job, clock.now());
        jobs[name] = job;
      });
      dispatcher.reschedule(name);
      return jobMessage(findJob(file.state, name));
    },

    GetJob(request) {
      const { name } = parseRequest(nameRequest, request);
      return jobMessage(findJob(file.state, name));
    },

    ListJobs(request) {
      const { parent, ...pageRequest } = parseRequest(listRequest, request);
      const jobs = Object.values(file.state.jobs).filter(({ name }) => name.startsWith(`${parent}/jobs/`));
      const { items, nextPageToken } = page(jobs, pageRequest, pageLimits);
      return { jobs: items.map(jobMessage), nextPageToken };
    },

    async UpdateJob(request) {
      const { name, apply } = parseUpdate(request);
      return change(name, (job) => {
        Object.assign(job, apply(job), { userUpdateTime: new Date(clock.now()).toISOString() });
        const next = nextTime(job.schedule, job.timeZone, clock.now());
        if (job.state === "ENABLED") setScheduleTime(job, next);
      });
    },

    async DeleteJob(request) {
      const { name } = parseRequest(nameRequest, request);
      await file.update((state) => {
        findJob(state, name);
        delete state.jobs[name];
      });
      dispatcher.reschedule(name);
      return {};
    },

    async PauseJob(request) {
      const { name } = parseRequest(nameRequest, request);
      return change(name, (job) => {
        requireState(job, "ENABLED");
        job.state = "PAUSED";
        delete job.scheduleTime;
      });
    },

    async ResumeJob(request) {
      const { name } = parseRequest(nameRequest, request);
      return change(name, (job) => {
        requireState(job, "PAUSED");
        job.state = "ENABLED";
        planNext(job, clock.now());
      });
    },

    RunJob(request) {
      const { name } = parseRequest(nameRequest, request);
      const job = findJob(file.state, name);
      dispatcher.run(name);
      return jobMessage(job);
    },
  } satisfies Handlers;
}

function requireState({ name, state }: Job, required: Job["state"]): void {
  if (state !== required) throw new StatusError("FAILED_PRECONDITION", `${name} is ${state}: it must be ${required}`);
}

import { join } from "node:path";
import * as z from "zod";
import { openStateFile, type StateFile } from "../stateFile.ts";
import { StatusError } from "../grpc/statusError.ts";
import { duration, timestamp } from "../grpc/time.ts";

const time = z.iso.datetime();

/** A job as it is kept; names are the API's, durations are in seconds. */
const job = z.strictObject({
  name: z.string(),
  description: z.string(),
  schedule: z.string(),
  timeZone: z.string(),
  httpTarget: z.strictObject({
    uri: z.string(),
    httpMethod: z.string(),
    headers: z.record(z.string(), z.string()),
    /** In base64. */
    body: z.string().optional(),
  }),
  retryConfig: z.strictObject({
    retryCount: z.number(),
    maxRetryDuration: z.number(),
    minBackoffDuration: z.number(),
    maxBackoffDuration: z.number(),
    maxDoublings: z.number(),
  }),
  attemptDeadline: z.number(),
  state: z.enum(["ENABLED", "PAUSED"]),
  userUpdateTime: time,
  /** When it runs next; absent while it is paused. */
  scheduleTime: time.optional(),
  lastAttemptTime: time.optional(),
  /** google.rpc.Code of the last attempt. */
  status: z.number().optional(),
});

const schedulerState = z.strictObject({ jobs: z.record(z.string(), job) });

export type Job = z.infer<typeof job>;
/** What a user decides about a job. */
export type JobSettings = Omit<Job, "state" | "userUpdateTime" | "scheduleTime" | "lastAttemptTime" | "status">;
export type SchedulerState = z.infer<typeof schedulerState>;

/** Headers of jobs may hold secrets, so the file is readable by this user alone. */
export function openSchedulerState(stateDir: string): Promise<StateFile<SchedulerState>> {
  return openStateFile(join(stateDir, "scheduler", "state.json"), schedulerState, { jobs: {} });
}

/** @throws StatusError NOT_FOUND */
export function findJob(state: SchedulerState, name: string): Job {
  const found = state.jobs[name];
  if (!found) throw new StatusError("NOT_FOUND", `${name} not found`);
  return found;
}

/** google.cloud.scheduler.v1.Job */
export function jobMessage(stored: Job) {
  return {
    ...settingsMessage(stored),
    state: stored.state,
    userUpdateTime: timestamp(stored.userUpdateTime),
    scheduleTime: timestamp(stored.scheduleTime),
    lastAttemptTime: timestamp(stored.lastAttemptTime),
    status: stored.status === undefined ? undefined : { code: stored.status },
  };
}

/** The part of google.cloud.scheduler.v1.Job that a user decides about. */
export function settingsMessage({ name, description, schedule, timeZone, httpTarget, ...stored }: JobSettings) {
  const { retryCount, maxDoublings, ...durations } = stored.retryConfig;
  return {
    name,
    description,
    schedule,
    timeZone,
    httpTarget: {
      ...httpTarget,
      body: httpTarget.body === undefined ? undefined : Buffer.from(httpTarget.body, "base64"),
    },
    retryConfig: {
      retryCount,
      maxDoublings,
      maxRetryDuration: duration(durations.maxRetryDuration),
      minBackoffDuration: duration(durations.minBackoffDuration),
      maxBackoffDuration: duration(durations.maxBackoffDuration),
    },
    attemptDeadline: duration(stored.attemptDeadline),
  };
}

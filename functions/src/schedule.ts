import { CloudSchedulerClient, type protos } from "@google-cloud/scheduler";
import { grpcClientOptions } from "./grpcEndpoint.ts";
import { millisecondsOf } from "./tokens/keyVersions.ts";

/** What the functions read of Cloud Scheduler, where `firebase deploy` keeps the jobs that fire them. */
export interface Schedule {
  /** @throws Error when the sweep has not succeeded lately. */
  requireRecentSweep(): Promise<void>;
}

interface ScheduleOptions {
  endpoint: string;
  project: string;
  location: string;
}

const callOptions = { timeout: 4_000 };
/** The sweep runs each minute; this many may be missed before something is wrong. */
const sweepMilliseconds = 5 * 60_000;

export function createSchedule({ endpoint, project, location }: ScheduleOptions): Schedule {
  const client = new CloudSchedulerClient(grpcClientOptions({ endpoint }));
  // The name that `firebase deploy` gives to the job of a scheduled function.
  const name = client.jobPath(project, location, `firebase-schedule-sweepSessions-${location}`);
  return {
    async requireRecentSweep() {
      const [job] = await client.getJob({ name }, callOptions);
      const last = requireRecentSuccess(job, sweepMilliseconds, Date.now());
      if (last === undefined) throw new Error("the sweep has not run yet");
    },
  };
}

type Job = Pick<protos.google.cloud.scheduler.v1.IJob, "state" | "status" | "lastAttemptTime" | "userUpdateTime">;

/**
 * When a job last succeeded; undefined where it is so new that it has not been due.
 * @throws Error where it is paused, its last run failed, or it has not run for so long.
 */
export function requireRecentSuccess(job: Job, milliseconds: number, now: number): Date | undefined {
  const { state, status, lastAttemptTime, userUpdateTime } = job;
  if (state !== "ENABLED") throw new Error(`the job is ${String(state)}`);
  if ((status?.code ?? 0) !== 0) throw new Error(`the last run failed with status ${status?.code}`);
  const isRecent = (time: number) => time >= now - milliseconds;
  const last = millisecondsOf(lastAttemptTime);
  if (isRecent(last)) return new Date(last);
  if (!lastAttemptTime && isRecent(millisecondsOf(userUpdateTime))) return undefined;
  throw new Error(lastAttemptTime ? `the last run was at ${new Date(last).toISOString()}` : "the job has never run");
}

import { CloudSchedulerClient } from "@google-cloud/scheduler";
import { grpcClientOptions } from "./grpcEndpoint.ts";

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
      const lastAttempt = Number(job.lastAttemptTime?.seconds ?? 0) * 1000;
      if (job.state !== "ENABLED") throw new Error(`the sweep is ${job.state}: resume ${name}`);
      if ((job.status?.code ?? 0) !== 0) throw new Error(`the last sweep failed with status ${job.status?.code}`);
      if (lastAttempt < Date.now() - sweepMilliseconds) throw new Error("the sweep has not run lately");
    },
  };
}

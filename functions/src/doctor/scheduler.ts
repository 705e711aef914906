import type { CloudSchedulerClient } from "@google-cloud/scheduler";
import { requireRecentSuccess } from "../schedule.ts";
import { requireAnswer } from "./answers.ts";
import type { Check } from "./check.ts";

interface Scheduled {
  /** The function. */
  name: string;
  what: string;
  /** How long ago its last run may be. */
  milliseconds: number;
}

const scheduled: Scheduled[] = [
  { name: "sweepSessions", what: "sweep", milliseconds: 5 * 60_000 },
  // A run that was missed, and the next one.
  { name: "rotateSigningKey", what: "rotation", milliseconds: 49 * 60 * 60_000 },
];
const callOptions = { timeout: 5_000 };
/** Time for a run that the repair has asked for. */
const runMilliseconds = 10_000;
const pollMilliseconds = 500;

/** `firebase deploy` makes and owns the jobs; the doctor reads them, and where it is to repair resumes and runs them. */
export function schedulerChecks(client: CloudSchedulerClient, project: string, location: string): Check[] {
  const service: Check = {
    name: "scheduler: service",
    async run() {
      await requireAnswer(() =>
        client.getJob({ name: jobName(client, project, location, "sweepSessions") }, callOptions),
      );
      return "answers";
    },
    remedy:
      "enable Cloud Scheduler (cloudscheduler.googleapis.com); look at CLISCALE_SCHEDULER_ENDPOINT and the network",
  };
  const jobs = scheduled.map(({ name: functionName, what, milliseconds }) => {
    const name = jobName(client, project, location, functionName);
    const read = async () => (await client.getJob({ name }, callOptions))[0];
    return {
      name: `scheduler: ${what}`,
      needs: ["scheduler: service"],
      async run() {
        const last = requireRecentSuccess(await read(), milliseconds, Date.now());
        return last === undefined ? "is scheduled, and has not been due yet" : `succeeded at ${last.toISOString()}`;
      },
      async repair() {
        if ((await read()).state === "PAUSED") await client.resumeJob({ name }, callOptions);
        const before = Number((await read()).lastAttemptTime?.seconds ?? 0);
        await client.runJob({ name }, callOptions);
        const end = Date.now() + runMilliseconds;
        while (Number((await read()).lastAttemptTime?.seconds ?? 0) <= before && Date.now() < end) {
          await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
        }
      },
      remedy: `npm run doctor -- --repair resumes and runs it; where there is no job, firebase deploy --only functions:${functionName}; the log of the function says why a run failed`,
    };
  });
  return [service, ...jobs];
}

/** The name that `firebase deploy` gives to the job of a scheduled function. */
function jobName(client: CloudSchedulerClient, project: string, location: string, functionName: string): string {
  return client.jobPath(project, location, `firebase-schedule-${functionName}-${location}`);
}

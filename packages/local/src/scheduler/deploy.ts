import { isDeepStrictEqual } from "node:util";
import * as z from "zod";
import type { Handlers } from "../grpc/server.ts";
import { StatusError } from "../grpc/statusError.ts";
import { createRequest } from "./jobRequests.ts";

/** A scheduled function, as its `onSchedule` declares it. */
export const scheduledFunction = z.strictObject({
  name: z.string().min(1),
  schedule: z.string().min(1),
  timeZone: z.string().default("UTC"),
  /** Sent with each request, to satisfy what may stand in front of the functions. */
  headers: z.record(z.string(), z.string()).default({}),
});
export type ScheduledFunction = z.input<typeof scheduledFunction>;

/** The jobs of `firebase deploy` bear it: other jobs are not its business. */
const jobPrefix = "firebase-schedule-";

/**
 * Does to the jobs what `firebase deploy` does: creates and updates those of the scheduled functions, leaving the others and
 * what is paused as they are, and deletes those whose function is gone.
 * @param functionsUrl of the functions emulator, with project and region: `http://127.0.0.1:5001/PROJECT/REGION`
 */
export async function deployScheduledFunctions(
  handlers: Handlers,
  functions: ScheduledFunction[],
  functionsUrl: string,
): Promise<void> {
  const { parent, region } = locate(functionsUrl);
  const wanted = functions.map((declared) => jobFor(scheduledFunction.parse(declared), functionsUrl, parent, region));
  for (const job of wanted) await createOrUpdate(handlers, parent, job);

  const { jobs } = (await handlers["ListJobs"]!({ parent })) as { jobs: { name: string }[] };
  const gone = jobs.filter(
    ({ name }) => name.startsWith(`${parent}/jobs/${jobPrefix}`) && !wanted.some((job) => job.name === name),
  );
  for (const { name } of gone) await handlers["DeleteJob"]!({ name });
}

function locate(functionsUrl: string): { parent: string; region: string } {
  const [project, region] = new URL(functionsUrl).pathname.split("/").filter((part) => part !== "");
  if (!project || !region) throw new TypeError(`the functions' URL must end in /PROJECT/REGION: ${functionsUrl}`);
  return { parent: `projects/${project}/locations/${region}`, region };
}

function jobFor(
  { name, schedule, timeZone, headers }: z.output<typeof scheduledFunction>,
  functionsUrl: string,
  parent: string,
  region: string,
) {
  return {
    name: `${parent}/jobs/${jobPrefix}${name}-${region}`,
    schedule,
    timeZone,
    // The emulator runs a scheduled function when it is sent a request of the function's first trigger.
    httpTarget: { uri: `${functionsUrl}/${name}-0`, httpMethod: "POST", headers },
  };
}

async function createOrUpdate(handlers: Handlers, parent: string, job: ReturnType<typeof jobFor>): Promise<void> {
  const existing = await findExisting(handlers, job.name);
  if (!existing) {
    await handlers["CreateJob"]!({ parent, job });
  } else if (!isDeepStrictEqual(settingsOf(parent, existing), settingsOf(parent, job))) {
    await handlers["UpdateJob"]!({ job, updateMask: { paths: ["schedule", "time_zone", "http_target"] } });
  }
}

async function findExisting(handlers: Handlers, name: string): Promise<object | undefined> {
  try {
    return await handlers["GetJob"]!({ name });
  } catch (error) {
    if (error instanceof StatusError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}

function settingsOf(parent: string, job: object) {
  const { schedule, timeZone, httpTarget } = createRequest.parse({ parent, job }).job;
  return { schedule, timeZone, httpTarget };
}

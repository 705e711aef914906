import { once } from "node:events";
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import { status } from "@grpc/grpc-js";
import type { Clock } from "./clock.ts";
import type { Job } from "./job.ts";

export interface Attempt {
  job: Job;
  /** Milliseconds since 1970. */
  scheduledFor: number;
  /** Cuts the attempt short when the program stops. */
  signal: AbortSignal;
  clock: Clock;
}

/** Sends a job's request once and resolves with the google.rpc.Code that comes of it; never rejects. */
export type SendAttempt = (attempt: Attempt) => Promise<status>;

/** Headers of a job that are ignored or replaced, as documented in google/cloud/scheduler/v1/target.proto. */
const reservedHeaders = /^(host|content-length|user-agent|x-google-.*|x-appengine-.*|x-cloudscheduler.*)$/i;

/** Redirects are not followed: they are failures. */
export const sendAttempt: SendAttempt = async ({ job, scheduledFor, signal, clock }) => {
  const deadline = new AbortController();
  const cancelDeadline = clock.setTimeout(() => deadline.abort(), job.attemptDeadline * 1000);
  try {
    const response = await send(job, scheduledFor, AbortSignal.any([signal, deadline.signal]));
    return codeOf(response.statusCode!);
  } catch {
    return deadline.signal.aborted ? status.DEADLINE_EXCEEDED : status.UNAVAILABLE;
  } finally {
    cancelDeadline();
  }
};

async function send({ name, httpTarget }: Job, scheduledFor: number, signal: AbortSignal): Promise<IncomingMessage> {
  const { uri, httpMethod: method, headers, body } = httpTarget;
  const { request } = uri.startsWith("https:") ? https : http;
  const outgoing = request(uri, {
    method,
    headers: requestHeaders(name, headers, body, scheduledFor),
    signal,
    agent: false,
  });
  outgoing.on("error", () => undefined);
  outgoing.end(body && Buffer.from(body, "base64"));
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  // An error that nothing listens to would end the process, and one may come after what is awaited here.
  response.on("error", () => undefined);
  await once(response.resume(), "end");
  return response;
}

function requestHeaders(
  jobName: string,
  own: Record<string, string>,
  body: string | undefined,
  scheduledFor: number,
): Record<string, string> {
  const kept = Object.entries(own).filter(([name]) => !reservedHeaders.test(name));
  const hasType = kept.some(([name]) => name.toLowerCase() === "content-type");
  return {
    ...(body !== undefined && !hasType && { "Content-Type": "application/octet-stream" }),
    ...Object.fromEntries(kept),
    "User-Agent": "Google-Cloud-Scheduler",
    "X-CloudScheduler": "true",
    "X-CloudScheduler-JobName": jobName.split("/").at(-1)!,
    "X-CloudScheduler-ScheduleTime": new Date(scheduledFor).toISOString(),
  };
}

/** HTTP statuses and their codes, by google/rpc/code.proto. */
const codes: Record<number, status> = {
  400: status.INVALID_ARGUMENT,
  401: status.UNAUTHENTICATED,
  403: status.PERMISSION_DENIED,
  404: status.NOT_FOUND,
  409: status.ABORTED,
  429: status.RESOURCE_EXHAUSTED,
  499: status.CANCELLED,
  500: status.INTERNAL,
  501: status.UNIMPLEMENTED,
  503: status.UNAVAILABLE,
  504: status.DEADLINE_EXCEEDED,
};

function codeOf(httpStatus: number): status {
  if (httpStatus >= 200 && httpStatus <= 299) return status.OK;
  return codes[httpStatus] ?? status.UNKNOWN;
}

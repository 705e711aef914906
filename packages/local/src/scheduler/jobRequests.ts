import { validateHeaderName, validateHeaderValue } from "node:http";
import * as z from "zod";
import { bytes, fieldMask, pageFields, parseRequest } from "../grpc/request.ts";
import { StatusError } from "../grpc/statusError.ts";
import { durationSeconds } from "../grpc/time.ts";
import { type Job, type JobSettings, settingsMessage } from "./job.ts";
import { jobName, locationName } from "./names.ts";

// Limits and defaults are those documented in google/cloud/scheduler/v1/{job,target}.proto.
const longestUri = 2083;
const longestDescription = 500;
const attemptDeadlineSeconds = { minimum: 15, default: 180, maximum: 30 * 60 };
const methodsWithBody = ["POST", "PUT", "PATCH"];

const httpTarget = z
  .strictObject(
    {
      uri: z
        .string({ error: "is required" })
        .max(longestUri)
        .refine((uri) => /^https?:\/\//.test(uri) && URL.canParse(uri), "must be a URL with http:// or https://"),
      httpMethod: z.enum(["POST", "GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"]).default("POST"),
      headers: z
        .record(z.string(), z.string())
        .refine((headers) => Object.entries(headers).every(isHeader), "must be HTTP headers")
        .default({}),
      body: bytes.optional(),
    },
    { error: "is required" },
  )
  .refine(({ httpMethod, body }) => body === undefined || methodsWithBody.includes(httpMethod), {
    error: `is allowed with ${methodsWithBody.join(", ")} only`,
    path: ["body"],
  })
  .transform(({ body, ...target }) => ({ ...target, ...(body && { body: body.toString("base64") }) }));

const retryConfig = z.strictObject({
  retryCount: z.int().min(0).max(5).default(0),
  maxRetryDuration: durationSeconds.pipe(z.number().nonnegative()).default(0),
  minBackoffDuration: durationSeconds.pipe(z.number().nonnegative()).default(5),
  maxBackoffDuration: durationSeconds.pipe(z.number().nonnegative()).default(3600),
  maxDoublings: z.int().nonnegative().default(5),
});

const settings = z.strictObject(
  {
    name: jobName.optional(),
    description: z.string().max(longestDescription).default(""),
    schedule: z.string({ error: "is required" }),
    timeZone: z.string().default("UTC"),
    httpTarget,
    retryConfig: retryConfig.prefault({}),
    attemptDeadline: durationSeconds
      .pipe(z.number().min(attemptDeadlineSeconds.minimum).max(attemptDeadlineSeconds.maximum))
      .default(attemptDeadlineSeconds.default),
  },
  { error: "is required" },
);

/** Whatever is sent for them is ignored. */
const outputOnly = new Set(["state", "status", "userUpdateTime", "scheduleTime", "lastAttemptTime"]);
const jobWithoutOutput = z
  .looseObject({})
  .transform((job) => Object.fromEntries(Object.entries(job).filter(([field]) => !outputOnly.has(field))));

export const nameRequest = z.strictObject({ name: jobName });
export const listRequest = z.strictObject({ parent: locationName, ...pageFields });
export const createRequest = z.strictObject({ parent: locationName, job: jobWithoutOutput.pipe(settings) });

const updateRequest = z.strictObject({
  job: jobWithoutOutput.pipe(z.looseObject({ name: jobName })),
  updateMask: fieldMask.default([]),
});

/** The settings that can be updated; parts of the composite ones too. */
const updatable = new Set(
  [
    ["description", "schedule", "timeZone", "httpTarget", "retryConfig", "attemptDeadline"],
    Object.keys(retryConfig.shape).map((field) => `retryConfig.${field}`),
    ["uri", "httpMethod", "headers", "body"].map((field) => `httpTarget.${field}`),
  ].flat(),
);

/** Reads an update: the job's name, and what its settings become, given what they are. */
export function parseUpdate(request: unknown): { name: string; apply: (job: Job) => JobSettings } {
  const { job: given, updateMask } = parseRequest(updateRequest, request);
  const { name } = given;
  const paths =
    updateMask.length > 0 ? updateMask.map(camelCase) : Object.keys(given).filter((path) => path !== "name");
  const unknown = updateMask.length > 0 && paths.find((path) => !updatable.has(path));
  if (unknown) throw new StatusError("INVALID_ARGUMENT", `updateMask: ${unknown} cannot be updated`);
  return {
    name,
    apply(job) {
      const message: Record<string, unknown> = settingsMessage(job);
      for (const path of paths) setPath(message, path, getPath(given, path));
      return { ...parseRequest(settings, message), name };
    },
  };
}

/** The names of a mask are in snake case. */
function camelCase(path: string): string {
  return path.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function getPath(message: unknown, path: string): unknown {
  return path.split(".").reduce((value, field) => (value as Record<string, unknown> | undefined)?.[field], message);
}

function setPath(message: Record<string, unknown>, path: string, value: unknown): void {
  const [field, part] = path.split(".") as [string, string?];
  message[field] = part === undefined ? value : { ...(message[field] as object), [part]: value };
}

function isHeader([name, value]: [string, string]): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

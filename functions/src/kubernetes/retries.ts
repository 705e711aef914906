import { setTimeout as delay } from "node:timers/promises";
import {
  type HttpLibrary,
  IsomorphicFetchHttpLibrary,
  type RequestContext,
  ResponseContext,
  SelfDecodingBody,
  wrapHttpLibrary,
} from "@kubernetes/client-node";
import * as logger from "firebase-functions/logger";
import { reasonOf } from "./apiStatus.ts";

/** Retries of one call at most; together with their pauses they take less than two seconds. */
const maximumRetries = 4;
const firstPauseMilliseconds = 100;

interface Outcome {
  response?: ResponseContext;
  error?: unknown;
}

/**
 * Sends requests to the API, each with its answer's body, within a deadline. What an API server does when it restarts or sheds
 * load is retried: 429 and 5xx, after the pause that `Retry-After` asks for, where that ends before the deadline; and connections
 * that break, in the middle of an answer too. Every request of the functions may be repeated, since names tell whose a thing is.
 */
export function retryingLibrary(milliseconds: number): HttpLibrary {
  return wrapHttpLibrary({
    async send(request) {
      const end = performance.now() + milliseconds;
      const deadline = AbortSignal.timeout(milliseconds);
      request.setSignal(deadline);
      for (let retries = 0; ; retries++) {
        const outcome = await sendOnce(request);
        const pause = await pauseAfter(outcome, retries);
        const isLast = retries === maximumRetries || deadline.aborted || performance.now() + (pause ?? 0) >= end;
        if (pause === undefined || isLast) return resultOf(outcome, request);
        await delay(pause);
      }
    },
  });
}

const library = new IsomorphicFetchHttpLibrary();

async function sendOnce(request: RequestContext): Promise<Outcome> {
  try {
    const { httpStatusCode, headers, body } = await library.send(request).toPromise();
    const text = Buffer.from(await body.text());
    return { response: new ResponseContext(httpStatusCode, headers, new SelfDecodingBody(Promise.resolve(text))) };
  } catch (error) {
    return { error };
  }
}

/** How long to wait before the next try, in milliseconds; undefined where trying again would change nothing. */
async function pauseAfter({ response }: Outcome, retries: number): Promise<number | undefined> {
  const backOff = firstPauseMilliseconds * 2 ** retries * (0.5 + Math.random() / 2);
  if (!response) return backOff;
  const { httpStatusCode: code, headers, body } = response;
  // That something exists already is for the caller to judge; any other 409 is a conflict with another request.
  const isConflict = code === 409 && reasonOf(await body.text()).reason !== "AlreadyExists";
  if (!isConflict && code !== 429 && code < 500) return undefined;
  return Math.max(backOff, retryAfterMilliseconds(headers["retry-after"]));
}

/** RFC 9110 §10.2.3: seconds, or a date. */
function retryAfterMilliseconds(value: string | undefined): number {
  if (!value) return 0;
  const milliseconds = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(milliseconds) ? 0 : milliseconds;
}

async function resultOf({ response, error }: Outcome, request: RequestContext): Promise<ResponseContext> {
  if (!response) throw error;
  if (response.httpStatusCode === 401 || response.httpStatusCode === 403) await reportRefusal(response, request);
  return response;
}

/** Trying again does not help against this: somebody has to mend the functions' credentials, or their Role. */
export async function reportRefusal(response: ResponseContext, request: RequestContext): Promise<void> {
  const { message, reason } = reasonOf(await response.body.text());
  logger.error("Kubernetes refuses the functions", {
    code: "KUBERNETES_REFUSED",
    status: response.httpStatusCode,
    method: request.getHttpMethod(),
    path: new URL(request.getUrl()).pathname,
    reason,
    cause: message?.slice(0, 500),
  });
}

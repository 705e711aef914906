import type { Job } from "./job.ts";

/** A failed execution that may be tried again. */
export interface Execution {
  /** The time for which it was scheduled, in milliseconds since 1970. */
  scheduledFor: number;
  /** When its first attempt began. */
  firstAttemptAt: number;
  /** How many of its attempts were retries. */
  retries: number;
}

/**
 * When a failed execution is tried again, in milliseconds since 1970, if it is: as often as `retryCount` says and, with a
 * `maxRetryDuration`, until that has passed as well.
 */
export function retryTime(
  { retryConfig }: Job,
  { retries, firstAttemptAt }: Execution,
  now: number,
): number | undefined {
  const { retryCount, maxRetryDuration } = retryConfig;
  if (retryCount === 0) return undefined;
  const withinDuration = now - firstAttemptAt < maxRetryDuration * 1000;
  if (retries >= retryCount && !withinDuration) return undefined;
  return now + backoffSeconds(retryConfig, retries) * 1000;
}

/** The wait doubles `maxDoublings` times, then grows by the same amount each time, up to its maximum. */
function backoffSeconds(
  { minBackoffDuration, maxBackoffDuration, maxDoublings }: Job["retryConfig"],
  retries: number,
): number {
  const doublings = Math.min(retries, maxDoublings);
  const wait = minBackoffDuration * 2 ** doublings * (1 + retries - doublings);
  return Math.min(wait, maxBackoffDuration);
}

import type { SessionRow } from "./sessionRow.ts";

// When a session is idle, once for programs and once for statements; a test has them agree. Input and attaches keep a session for
// `idle_seconds`, and so does output, but output alone for no longer than the operator allows.

export type Activity = Pick<
  SessionRow,
  "idle_seconds" | "created_at" | "ready_at" | "last_attach_at" | "last_input_at" | "last_output_at"
>;

/** When a ready session ends for being idle if nothing happens until then; undefined where it never does. */
export function idleAt(session: Activity, outputMaxSeconds: number): Date | undefined {
  if (session.idle_seconds === 0) return undefined;
  const touched = latest(session.created_at, session.ready_at, session.last_attach_at, session.last_input_at);
  const idleMilliseconds = session.idle_seconds * 1000;
  const printed = session.last_output_at?.getTime() ?? 0;
  return new Date(
    Math.max(touched + idleMilliseconds, Math.min(printed + idleMilliseconds, touched + outputMaxSeconds * 1000)),
  );
}

function latest(...times: (Date | null)[]): number {
  return Math.max(...times.map((time) => time?.getTime() ?? 0));
}

const touchedSql = `greatest(created_at, ready_at, last_attach_at, last_input_at)`;
const idleSql = `make_interval(secs => idle_seconds)`;

/** The same of a row of `sessions` whose `idle_seconds` is not 0; `outputMax` is a parameter such as `$1`, in whole seconds. */
export function idleAtSql(outputMax: string): string {
  return `greatest(
    ${touchedSql} + ${idleSql},
    least(coalesce(last_output_at, created_at) + ${idleSql}, ${touchedSql} + make_interval(secs => ${outputMax}::integer))
  )`;
}

/**
 * Up to when all activity is known: every gateway that may hold sockets has reported what happened before. What is idle by then is
 * idle, whatever has not been reported yet.
 */
export const activityKnownUntilSql = `(select least(now(), min(covered_until)) from gateways)`;

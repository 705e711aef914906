import { Cron } from "croner";
import { StatusError } from "../grpc/statusError.ts";

// Unix cron alone: https://cloud.google.com/scheduler/docs/configuring/cron-job-schedules. The library knows more than that.
const value = String.raw`(?:\*|\d+|[A-Za-z]{3})`;
const range = String.raw`${value}(?:-${value})?(?:\/\d+)?`;
const field = `${range}(?:,${range})*`;
const unixCron = new RegExp(`^${field}(?: +${field}){4}$`);

/**
 * The next time at which a schedule is due, after another one; never, for the 30th of February.
 * @throws StatusError INVALID_ARGUMENT when schedule or time zone make no sense; UNIMPLEMENTED for App Engine's own syntax.
 */
export function nextTime(schedule: string, timeZone: string, after: number): number | undefined {
  if (/^every /i.test(schedule)) {
    throw new StatusError("UNIMPLEMENTED", "schedule: this stand-in models unix cron alone, such as */5 * * * *");
  }
  if (!unixCron.test(schedule)) throw new StatusError("INVALID_ARGUMENT", "schedule: is not unix cron");
  try {
    const cron = new Cron(schedule, { mode: "5-part", timezone: timeZone, paused: true });
    return cron.nextRun(new Date(after))?.getTime();
  } catch (cause) {
    throw new StatusError("INVALID_ARGUMENT", `schedule or timeZone: ${(cause as Error).message}`, { cause });
  }
}

import type { Logger } from "@cliscale/service";
import { status } from "@grpc/grpc-js";
import type { StateFile } from "../stateFile.ts";
import type { SendAttempt } from "./attempt.ts";
import type { Clock } from "./clock.ts";
import { findJob, type Job, type SchedulerState } from "./job.ts";
import { type Execution, retryTime } from "./retry.ts";
import { nextTime } from "./schedule.ts";

/** Runs jobs when they are due. A job never overlaps itself: what is due or demanded while it runs starts when it has ended. */
export interface Dispatcher {
  /** Takes notice that a job is new, changed, paused, resumed or deleted. */
  reschedule: (name: string) => void;
  /** Runs a job now. */
  run: (name: string) => void;
  /** Runs nothing any more, cuts off what runs and resolves when that has ended. */
  stop: () => Promise<void>;
}

export interface DispatcherDeps {
  file: StateFile<SchedulerState>;
  clock: Clock;
  send: SendAttempt;
  logger?: Logger | undefined;
}

/** What is only known while the program runs. */
interface Plan {
  cancelTimer?: (() => void) | undefined;
  running?: Promise<void> | undefined;
  /** Demanded while it was running. */
  runAgain?: boolean | undefined;
  /** Failed, and to be tried again at the job's scheduleTime. */
  retry?: Execution | undefined;
}

/** How long a job waits when its state cannot be written: it may still be due, and would try without a pause. */
const brokenMilliseconds = 60_000;

export function createDispatcher({ file, clock, send, logger }: DispatcherDeps): Dispatcher {
  const plans = new Map<string, Plan>();
  const stopping = new AbortController();

  function planOf(name: string): Plan {
    const plan = plans.get(name) ?? {};
    plans.set(name, plan);
    return plan;
  }

  function reschedule(name: string): void {
    const plan = planOf(name);
    plan.retry = undefined;
    arm(name, plan);
  }

  function arm(name: string, plan: Plan): void {
    plan.cancelTimer?.();
    plan.cancelTimer = undefined;
    if (stopping.signal.aborted || plan.running) return;
    const job = file.state.jobs[name];
    if (!job) {
      plans.delete(name);
      return;
    }
    if (job.state !== "ENABLED" || job.scheduleTime === undefined) return;
    const due = Date.parse(job.scheduleTime);
    const now = clock.now();
    if (now < due) plan.cancelTimer = clock.setTimeout(() => arm(name, plan), due - now);
    else begin(name, plan, plan.retry ?? { scheduledFor: due, firstAttemptAt: now, retries: 0 });
  }

  function run(name: string): void {
    const plan = planOf(name);
    if (plan.running) plan.runAgain = true;
    else begin(name, plan, { scheduledFor: clock.now(), firstAttemptAt: clock.now(), retries: 0 });
  }

  function begin(name: string, plan: Plan, execution: Execution): void {
    if (stopping.signal.aborted) return;
    plan.cancelTimer?.();
    plan.running = attempt(name, plan, execution).then(
      () => {
        plan.running = undefined;
        const { runAgain } = plan;
        plan.runAgain = false;
        if (runAgain && file.state.jobs[name]) run(name);
        else arm(name, plan);
      },
      (error: unknown) => {
        logger?.error({ err: error, job: name }, "attempt");
        plan.running = undefined;
        if (!stopping.signal.aborted) plan.cancelTimer = clock.setTimeout(() => arm(name, plan), brokenMilliseconds);
      },
    );
  }

  async function attempt(name: string, plan: Plan, execution: Execution): Promise<void> {
    const startedAt = clock.now();
    const job = await file.update((state) => {
      const found = findJob(state, name);
      found.lastAttemptTime = new Date(startedAt).toISOString();
      return found;
    });
    const code = await send({ job, scheduledFor: execution.scheduledFor, signal: stopping.signal, clock });
    if (stopping.signal.aborted) return;
    const level = code === status.OK ? "info" : "warn";
    logger?.[level]({ job: name, code: status[code], milliseconds: clock.now() - startedAt }, "attempt");
    plan.retry = await file.update((state) => recordAttempt(state.jobs[name], code, execution, startedAt, clock.now()));
  }

  for (const name of Object.keys(file.state.jobs)) reschedule(name);

  return {
    reschedule,
    run,
    async stop() {
      stopping.abort();
      for (const plan of plans.values()) plan.cancelTimer?.();
      await Promise.all([...plans.values()].flatMap(({ running }) => running ?? []));
    },
  };
}

/** Notes how an attempt ended and when the job runs next; returns its execution if that is then tried again. */
function recordAttempt(
  job: Job | undefined,
  code: status,
  execution: Execution,
  startedAt: number,
  now: number,
): Execution | undefined {
  if (!job) return undefined;
  job.status = code;
  if (job.state === "PAUSED") return undefined;
  // What came due while the attempt ran is late, and runs at once.
  const next = nextTime(job.schedule, job.timeZone, startedAt);
  const retry = code === status.OK ? undefined : retryTime(job, execution, now);
  const retries = retry !== undefined && (next === undefined || retry < next);
  setScheduleTime(job, retries ? retry : next);
  return retries ? { ...execution, retries: execution.retries + 1 } : undefined;
}

export function setScheduleTime(job: Job, time: number | undefined): void {
  if (time === undefined) delete job.scheduleTime;
  else job.scheduleTime = new Date(time).toISOString();
}

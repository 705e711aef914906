import { randomUUID } from "node:crypto";
import { removeGateway, reportActivity, type SessionActivity } from "@cliscale/db";
import type { Logger } from "@cliscale/service";
import type { Pool } from "pg";
import { within } from "./deadline.ts";
import type { Deadlines } from "./deadlines.ts";
import { milliseconds } from "./milliseconds.ts";
import type { Splice } from "./splice/splice.ts";

export interface ActivityOptions {
  open: ReadonlySet<Splice>;
  pool: Pool;
  logger: Logger;
  deadlines: Deadlines;
}

/** When things last happened in a session, by `milliseconds`; -1: not since the last report. */
interface Latest {
  attached: number;
  input: number;
  output: number;
}

/**
 * Tells the database what happens in sessions, and that this gateway lives: one statement every few seconds, with one entry for each
 * session in which something has happened since the last one. Sockets only note when; nothing is done for a byte or a frame.
 */
export class Activity {
  private readonly options: ActivityOptions;
  private readonly gatewayId = randomUUID();
  private readonly startedAt = milliseconds();
  /** Everything before this has been told. */
  private toldUntil = milliseconds();
  /** The database's time of the last report. */
  private previousReport: string | undefined;
  /** What has happened over sockets that are closed by now, and has not been told. */
  private left = new Map<string, Latest>();
  private timer: NodeJS.Timeout | undefined;
  private reporting: Promise<void> = Promise.resolve();
  private isFailing = false;

  constructor(options: ActivityOptions) {
    this.options = options;
  }

  /** Resolves when it has reported, or could not: an outage keeps no gateway from starting. */
  async start(): Promise<void> {
    const { deadlines, logger } = this.options;
    this.schedule();
    this.reporting = this.report();
    await within(deadlines.explain, "the first report", this.reporting).catch((error: unknown) =>
      logger.warn({ err: error }, "starting without a report"),
    );
  }

  /** Tells what is still to be told, and that nobody needs to wait for this gateway any more. */
  async stop(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { deadlines, logger, pool } = this.options;
    const leave = async () => {
      await this.reporting;
      await this.report();
      if (!this.isFailing) await removeGateway(pool, this.gatewayId);
    };
    await within(deadlines.explain, "the last report", leave()).catch((error: unknown) =>
      logger.warn({ err: error }, "stopping without a last report"),
    );
  }

  /** Keeps what has happened over a socket that is closed. */
  closed(splice: Splice): void {
    this.gather(this.left, splice);
  }

  /** How long ago, in milliseconds, what has now been told had happened at the latest. */
  age(): number {
    return milliseconds() - this.toldUntil;
  }

  private schedule(): void {
    this.timer = setTimeout(() => void this.tick(), this.options.deadlines.report);
  }

  private async tick(): Promise<void> {
    await this.reporting;
    if (!this.timer) return;
    this.reporting = this.report();
    await this.reporting;
    if (this.timer) this.schedule();
  }

  /** Never rejects: what could not be told is told by the next report. */
  private async report(): Promise<void> {
    const { open, pool, logger } = this.options;
    const now = milliseconds();
    const { left } = this;
    const happened = new Map(left);
    for (const splice of open) this.gather(happened, splice);
    this.left = new Map();
    try {
      this.previousReport = await reportActivity(pool, {
        gatewayId: this.gatewayId,
        previousReport: this.previousReport,
        uptimeSeconds: (now - this.startedAt) / 1000,
        sessions: Array.from(happened, ([sessionId, latest]) => entryOf(sessionId, latest, now)),
      });
      this.toldUntil = now;
      this.isFailing = false;
    } catch (error) {
      for (const [sessionId, latest] of left) merge(this.left, sessionId, latest);
      if (!this.isFailing) logger.warn({ err: error }, "activity cannot be reported");
      this.isFailing = true;
    }
  }

  private gather(into: Map<string, Latest>, { identity, startedAt, fromClient, fromPod }: Splice): void {
    const attached = this.ifNew(startedAt);
    const input = this.ifNew(fromClient.terminalDataAt);
    const output = this.ifNew(fromPod.terminalDataAt);
    if (attached < 0 && input < 0 && output < 0) return;
    merge(into, identity.sessionId, { attached, input, output });
  }

  private ifNew(at: number): number {
    return at >= this.toldUntil ? at : -1;
  }
}

function merge(into: Map<string, Latest>, sessionId: string, latest: Latest): void {
  const known = into.get(sessionId);
  into.set(sessionId, {
    attached: Math.max(known?.attached ?? -1, latest.attached),
    input: Math.max(known?.input ?? -1, latest.input),
    output: Math.max(known?.output ?? -1, latest.output),
  });
}

function entryOf(sessionId: string, { attached, input, output }: Latest, now: number): SessionActivity {
  return {
    sessionId,
    attached: secondsSince(attached, now),
    input: secondsSince(input, now),
    output: secondsSince(output, now),
  };
}

function secondsSince(at: number, now: number): number | undefined {
  return at < 0 ? undefined : Math.max(0, now - at) / 1000;
}

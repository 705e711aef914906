import { endedSessions } from "@cliscale/db";
import { closeCodes } from "@cliscale/protocol";
import type { Logger } from "@cliscale/service";
import type { Pool } from "pg";
import type { Deadlines } from "./deadlines.ts";
import { sessionOver } from "./lostPod.ts";
import type { Close } from "./splice/closeFrame.ts";
import { checkSilence, closeSplice, cutSplice, type Splice } from "./splice/splice.ts";

export interface SessionWatchOptions {
  open: ReadonlySet<Splice>;
  pool: Pool;
  logger: Logger;
  deadlines: Deadlines;
}

const podStalled: Close = { code: closeCodes.unavailable, reason: "the terminal takes no input: try again" };

/** Lets go of sockets that nothing else would end: those of sessions that are over, and of peers that have vanished. */
export class SessionWatch {
  private readonly options: SessionWatchOptions;
  private timer: NodeJS.Timeout | undefined;
  private isFailing = false;

  constructor(options: SessionWatchOptions) {
    this.options = options;
  }

  start(): void {
    this.timer = setTimeout(() => void this.look(), this.options.deadlines.watch);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private async look(): Promise<void> {
    this.letGoOfStalled();
    for (const splice of this.options.open) checkSilence(splice, this.options.deadlines);
    try {
      await this.closeEnded();
      this.isFailing = false;
    } catch (error) {
      // Live sockets outlast an outage of the database; one line tells of it.
      if (!this.isFailing) this.options.logger.warn({ err: error }, "cannot see which sessions have ended");
      this.isFailing = true;
    }
    if (this.timer) this.start();
  }

  private async closeEnded(): Promise<void> {
    const { open, pool } = this.options;
    const ids = new Set(Array.from(open, (splice) => splice.identity.sessionId));
    if (ids.size === 0) return;
    const ended = await endedSessions(pool, [...ids]);
    if (ended.size === 0) return;
    for (const splice of open) {
      const { sessionId } = splice.identity;
      if (ended.has(sessionId)) closeSplice(splice, sessionOver(ended.get(sessionId)));
    }
  }

  /** What waits for a peer here keeps a ping from reaching it, and TCP's keepalive from looking for it. */
  private letGoOfStalled(): void {
    const { open, deadlines } = this.options;
    const since = performance.now() - deadlines.stall;
    for (const splice of open) {
      if (splice.clientStalledSince !== undefined && splice.clientStalledSince < since)
        cutSplice(splice, "clientStalled");
      else if (splice.podStalledSince !== undefined && splice.podStalledSince < since) {
        closeSplice(splice, podStalled, "podStalled");
      }
    }
  }
}

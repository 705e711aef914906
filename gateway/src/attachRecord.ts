import type { Logger } from "@cliscale/service";
import type { Refusal } from "./client/refusal.ts";
import { isUuid } from "./client/uuid.ts";
import type { AttachOutcome, AttachStep, Metrics } from "./metrics.ts";

interface Sink {
  logger: Logger;
  metrics: Metrics;
}

/** What is written down of one attach: one log event, one count, and how long each step took. Never its token. */
export class AttachRecord {
  jti: string | undefined;
  private readonly sessionId: string | undefined;
  private readonly startedAt = performance.now();
  private readonly milliseconds: Partial<Record<AttachStep | "total", number>> = {};

  constructor(session: string) {
    this.sessionId = isUuid(session) ? session : undefined;
  }

  /** Measures a step, whether it succeeds or not. */
  async step<T>(name: AttachStep, work: Promise<T>): Promise<T> {
    const startedAt = performance.now();
    try {
      return await work;
    } finally {
      this.milliseconds[name] = rounded(performance.now() - startedAt);
    }
  }

  attached(sink: Sink): void {
    sink.logger.info(this.finish(sink, "attached"), "attach");
  }

  refused(sink: Sink, refusal: Refusal): void {
    const event = { ...this.finish(sink, refusal.outcome), code: refusal.close.code, cause: causeOf(refusal) };
    sink.logger[refusal.outcome === "unavailable" ? "warn" : "info"](event, "attach");
  }

  /** The client went away before it was let in. */
  abandoned(sink: Sink): void {
    sink.logger.info(this.finish(sink, "abandoned"), "attach");
  }

  private finish({ metrics }: Sink, outcome: AttachOutcome) {
    this.milliseconds.total = rounded(performance.now() - this.startedAt);
    metrics.attachFinished(outcome, this.milliseconds);
    const { sessionId, jti, milliseconds } = this;
    return { outcome, sessionId, jti, milliseconds };
  }
}

/** The messages of the errors behind a refusal; none of them holds anything that the client or the pod has said. */
function causeOf(refusal: Refusal): string | undefined {
  const messages: string[] = [];
  for (let { cause } = refusal; cause instanceof Error; { cause } = cause) messages.push(cause.message);
  return messages.length > 0 ? messages.join(": ") : undefined;
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}

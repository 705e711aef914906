import type { SessionRow } from "@cliscale/db";
import { type Stage, type StageEvent, stages } from "@cliscale/protocol";
import type { V1Pod } from "@kubernetes/client-node";
import { observePod } from "../kubernetes/podObservation.ts";

/** Sends each stage of a start once, in order, with the time at which it was reached; and again how far a queued one has come. */
export interface StageReporter {
  /** Sends the stages that row and pod show to have been reached. */
  report(session: SessionRow, pod: V1Pod | undefined): Promise<void>;
}

export function createStageReporter(send: (event: StageEvent) => Promise<unknown>): StageReporter {
  let sent = 0;
  let latest = 0;
  let waiting: string | undefined;
  let position: number | undefined;

  return {
    async report(session, pod) {
      const seen = pod && observePod(pod);
      const reached: Record<Stage, Date | null | undefined> = {
        queued: session.created_at,
        scheduling: session.started_at,
        pulling: seen?.scheduledAt,
        starting: seen?.startedAt,
        ready: session.ready_at,
      };
      const last = stages.findLastIndex((stage) => reached[stage]);
      while (sent <= last) {
        const stage = stages[sent]!;
        sent += 1;
        // A stage that was passed unseen has no time of its own: it was over by the time of the next one.
        const time = stages
          .slice(sent - 1)
          .map((later) => reached[later])
          .find((known) => known)!;
        // Kubernetes' times are whole seconds, so one may seem to lie before the stage that it followed.
        latest = Math.max(latest, time.getTime());
        if (stage === "queued") position = session.position ?? undefined;
        await send({ stage, at: new Date(latest).toISOString(), sessionId: session.id, ...placeOf(stage, position) });
      }
      if (session.position && session.position !== position) {
        position = session.position;
        latest = Math.max(latest, Date.now());
        const at = new Date(latest).toISOString();
        await send({ stage: "queued", at, sessionId: session.id, position });
      }
      if (seen?.waiting && seen.waiting !== waiting && session.state === "starting" && sent > 0) {
        waiting = seen.waiting;
        await send({ stage: stages[sent - 1]!, at: new Date().toISOString(), sessionId: session.id, message: waiting });
      }
    },
  };
}

function placeOf(stage: Stage, position: number | undefined): Pick<StageEvent, "position"> {
  return stage === "queued" && position !== undefined ? { position } : {};
}

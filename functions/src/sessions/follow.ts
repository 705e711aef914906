import type { SessionRow } from "@cliscale/db";
import type { StartAnswer } from "@cliscale/protocol";
import type { Deps } from "../deps.ts";
import type { Call } from "../http/callable.ts";
import { mintAttach } from "../tokens/attachToken.ts";
import { lookAtSession, recordPod } from "./observe.ts";
import { waitInQueue } from "./queued.ts";
import { createStageReporter, type StageReporter } from "./stages.ts";
import { sessionView } from "./view.ts";

/** How long a call waits for a session to become ready; clients go on with attachSession. */
const plainMilliseconds = 50_000;
const streamingMilliseconds = 480_000;

type WaitingCall = Pick<Call<unknown>, "streaming" | "sendChunk" | "signal">;

/** Answers as soon as the session is ready, with an attach token, or has ended, or else as it stands when time is up. */
export async function answerWhenReady(deps: Deps, session: SessionRow, call: WaitingCall): Promise<StartAnswer> {
  // A caller that is no longer there cannot be told; the session starts all the same.
  const stages = createStageReporter((event) => call.sendChunk(event).catch(() => false));
  const current =
    session.state === "ready" ? await look(deps, session, stages) : await follow(deps, session, call, stages);
  const view = sessionView(current, deps.settings);
  if (current.state !== "ready" || call.signal.aborted) return { session: view };
  return { session: view, attach: await mintAttach(deps, current) };
}

async function look(deps: Deps, session: SessionRow, stages: StageReporter): Promise<SessionRow> {
  const seen = await lookAtSession(deps, session);
  await stages.report(seen.session, seen.pod);
  return seen.session;
}

/** Waits for a session's turn, then follows its pod until it is ready or has ended, recording what it shows and reporting the stages. */
async function follow(deps: Deps, session: SessionRow, call: WaitingCall, stages: StageReporter): Promise<SessionRow> {
  await stages.report(session, undefined);
  const timeUp = AbortSignal.timeout(call.streaming ? streamingMilliseconds : plainMilliseconds);
  const signal = AbortSignal.any([timeUp, call.signal]);
  let current = await waitInQueue(deps, session, { signal, onLook: (row) => stages.report(row, undefined) });
  if (current.state === "ended" || current.state === "queued") return current;
  await deps.cluster.followPod(session.id, signal, async (pod) => {
    current = await recordPod(deps, current, pod);
    await stages.report(current, pod);
    return current.state === "ready" || current.state === "ended";
  });
  return current;
}

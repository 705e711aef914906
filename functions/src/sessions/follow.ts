import type { SessionRow } from "@cliscale/db";
import type { StageEvent, StartAnswer } from "@cliscale/protocol";
import type { Deps } from "../deps.ts";
import type { Call } from "../http/callable.ts";
import { dependingOn } from "../http/errors.ts";
import { mintAttach } from "../tokens/attachToken.ts";
import { lookAtSession, recordPod } from "./observe.ts";
import { createStageReporter } from "./stages.ts";
import { sessionView } from "./view.ts";

/** How long a call waits for a session to become ready; clients go on with attachSession. */
const plainMilliseconds = 50_000;
const streamingMilliseconds = 480_000;

/** Function timeout of the calls that wait: what they wait for, and time to answer. */
export const waitingTimeoutSeconds = 540;

/** Answers as soon as the session is ready, with an attach token, or has ended, or else as it stands when time is up. */
export async function answerWhenReady(
  deps: Deps,
  session: SessionRow,
  call: Pick<Call<unknown>, "streaming" | "sendChunk" | "signal">,
): Promise<StartAnswer> {
  const timeUp = AbortSignal.timeout(call.streaming ? streamingMilliseconds : plainMilliseconds);
  const signal = AbortSignal.any([timeUp, call.signal]);
  const followed = await followStart(deps, session, { signal, send: call.sendChunk, streaming: call.streaming });
  const current = followed.state === "ready" && !call.streaming ? await lookAtSession(deps, followed) : followed;
  if (current.state !== "ready" || call.signal.aborted) return { session: sessionView(current) };
  return { session: sessionView(current), attach: await mintAttach(deps, current) };
}

interface FollowOptions {
  signal: AbortSignal;
  streaming: boolean;
  send: (event: StageEvent) => Promise<unknown>;
}

/** Follows the pod of a session until it is ready or has ended, recording what it sees and reporting the stages. */
async function followStart(deps: Deps, session: SessionRow, options: FollowOptions): Promise<SessionRow> {
  const stages = createStageReporter(options.send);
  let current = session;
  await stages.report(current, undefined);
  if (current.state === "ended" || (current.state === "ready" && !options.streaming)) return current;
  await dependingOn("kubernetes", () =>
    deps.cluster.followPod(session.id, options.signal, async (pod) => {
      current = await recordPod(deps, current, pod);
      await stages.report(current, pod);
      return current.state === "ready" || current.state === "ended";
    }),
  );
  return current;
}

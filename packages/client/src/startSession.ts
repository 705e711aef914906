import type { CreateSessionInput, Stage, StageEvent, StartAnswer } from "@cliscale/protocol";
import { CallError } from "./calls/callError.ts";
import { delay } from "./calls/silence.ts";
import type { Client, StartOptions } from "./client.ts";

/** How often in a row a call may fail to reach the service, and how long to wait in between, in milliseconds. */
const tries = { maximum: 5, pauseMilliseconds: 1000 };

/**
 * Starts a session and goes on until it can be attached (the answer then has `attach`) or has ended. A call that did not get
 * through is made again under the same `requestId`, so that no second session comes of it. Each stage is told once.
 * @throws CallError when the start is refused, or the service stays out of reach.
 */
export async function startSession(
  client: Client,
  input: CreateSessionInput,
  options: StartOptions = {},
): Promise<StartAnswer> {
  const request = { ...input, requestId: input.requestId ?? crypto.randomUUID() };
  const onceEach = tellingOnce(options);
  const answer = await trying(() => client.createSession(request, onceEach), options.signal);
  return isSettled(answer) ? answer : waitForAttach(client, answer.session.id, onceEach);
}

/**
 * Waits until a session that may still be starting can be attached (the answer then has `attach`) or has ended.
 * @throws CallError when the session is not the caller's, or the service stays out of reach.
 */
export async function waitForAttach(
  client: Client,
  sessionId: string,
  options: StartOptions = {},
): Promise<StartAnswer> {
  const onceEach = tellingOnce(options);
  for (;;) {
    const answer = await trying(() => attachOrFindEnded(client, sessionId, onceEach), options.signal);
    if (isSettled(answer)) return answer;
    await pause(options.signal);
  }
}

function isSettled({ session, attach }: StartAnswer): boolean {
  return attach !== undefined || session.state === "ended";
}

async function attachOrFindEnded(client: Client, sessionId: string, options: StartOptions): Promise<StartAnswer> {
  try {
    return await client.attachSession(sessionId, options);
  } catch (error) {
    const hasEnded = error instanceof CallError && error.code === "failed-precondition";
    if (!hasEnded) throw error;
    return client.getSession(sessionId, options);
  }
}

async function trying<T>(step: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await step();
    } catch (error) {
      const isPassing = error instanceof CallError && error.code === "unavailable";
      if (!isPassing || attempt === tries.maximum) throw error;
      await pause(signal);
    }
  }
}

function pause(signal: AbortSignal | undefined): Promise<void> {
  return delay(tries.pauseMilliseconds, signal ?? new AbortController().signal);
}

/** Each call tells all stages from the first on. Only what is new is passed on: a stage, its message or place in the queue. */
function tellingOnce(options: StartOptions): StartOptions {
  const { onStage } = options;
  if (!onStage) return options;
  const told = new Set<Stage>();
  let last: StageEvent | undefined;
  const onNews = (event: StageEvent) => {
    if (told.has(event.stage) && !(last && isUpdate(event, last))) return;
    told.add(event.stage);
    last = event;
    onStage(event);
  };
  return { ...options, onStage: onNews };
}

function isUpdate(event: StageEvent, last: StageEvent): boolean {
  const saysMore = event.message !== undefined && event.message !== last.message;
  const hasMoved = event.position !== undefined && event.position !== last.position;
  return event.stage === last.stage && (saysMore || hasMoved);
}

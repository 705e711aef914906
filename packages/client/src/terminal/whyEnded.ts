import { canAttachAgain, closeCodes } from "@cliscale/protocol";
import { CallError } from "../calls/callError.ts";
import { delay } from "../calls/silence.ts";
import type { Client } from "../client.ts";
import type { Closing } from "./connection.ts";
import type { Ended } from "./terminal.ts";

/** How an attempt to attach came out. */
export type Outcome = { closing: Closing } | { error: CallError };

/** A session that is said to be over is asked for so often, with so long in between, until its row says why. */
const queries = { maximum: 10, pauseMilliseconds: 1000 };

export interface SessionOf {
  client: Client;
  sessionId: string;
  signal: AbortSignal;
}

/** Why it is over; undefined when it can be tried again. */
export async function whyEnded(outcome: Outcome, session: SessionOf): Promise<Ended | undefined> {
  if ("error" in outcome) return endOfCall(outcome.error, session);
  const { code, exit } = outcome.closing;
  if (exit) return { exit };
  if (canAttachAgain(code)) return undefined;
  return code === closeCodes.forbidden ? { closeCode: code } : { closeCode: code, ...(await endOfSession(session)) };
}

async function endOfCall(error: CallError, session: SessionOf): Promise<Ended | undefined> {
  if (isPassing(error)) return undefined;
  return error.code === "failed-precondition" ? { error, ...(await endOfSession(session)) } : { error };
}

/** What the session's row says; nothing when it does not say in time that the session has ended. */
async function endOfSession({ client, sessionId, signal }: SessionOf): Promise<Ended> {
  for (let query = 1; query <= queries.maximum; query++) {
    try {
      const { session } = await client.getSession(sessionId, { signal });
      if (session.state === "ended") return { session };
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      if (!isPassing(error)) return { error };
    }
    await delay(queries.pauseMilliseconds, signal);
  }
  return {};
}

/** Whether the same call may succeed later. */
function isPassing({ code }: CallError): boolean {
  return code === "unavailable" || code === "internal" || code === "resource-exhausted";
}

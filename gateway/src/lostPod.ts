import { endedSessions } from "@cliscale/db";
import { closeCodes, type EndReason } from "@cliscale/protocol";
import type { Pool } from "pg";
import { within } from "./deadline.ts";
import type { Close } from "./splice/closeFrame.ts";

const podGone: Close = { code: closeCodes.unavailable, reason: "the terminal's pod is gone: try again" };

/** What a client is told whose pod is gone: that the session is over, or where that cannot be said, to try again. */
export async function explainLoss(sessionId: string, pool: Pool, milliseconds: number): Promise<Close> {
  try {
    const ended = await within(milliseconds, "asking for the session", endedSessions(pool, [sessionId]));
    return ended.has(sessionId) ? sessionOver(ended.get(sessionId)) : podGone;
  } catch {
    return podGone;
  }
}

/** What the clients of a session that is over are told. */
export function sessionOver(endReason: EndReason | undefined): Close {
  return { code: closeCodes.gone, reason: endReason ?? "unknown session" };
}

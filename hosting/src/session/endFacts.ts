import type { Ended } from "@cliscale/client";
import type { EndReason, Session } from "@cliscale/protocol";
import { clockDuration, signalOf } from "./words.ts";

const reasons: Record<EndReason, string> = {
  exited: "the command ended by itself",
  stopped: "stopped by you",
  idle: "nothing happened for too long",
  deadline: "its time was up",
  failed: "the command never ran",
  lost: "it was lost with its machine or container",
};

/**
 * How a session has ended: names and values. A terminal that has just been told of the end has no session that says when;
 * it ended now. `seenUntil` is when the connection was lost, where it was not there at the end.
 */
export function endFacts(
  { exit, error }: Ended,
  session: Session | undefined,
  now: Date,
  seenUntil?: Date,
): [string, string][] {
  if (error && session?.state !== "ended") return [];
  const facts: [string, string][] = [];
  const exitCode = exit?.exitCode ?? session?.exitCode;
  const signal = exit?.signal ?? (exitCode === undefined ? undefined : signalOf(exitCode));
  const reason = exit ? "exited" : session?.endReason;
  if (exitCode !== undefined) facts.push(["Exit code", String(exitCode)]);
  if (signal !== undefined) facts.push(["Signal", signal]);
  if (reason !== undefined)
    facts.push(["Reason", signal === undefined ? reasons[reason] : "a signal ended the command"]);
  const readyAt = session?.readyAt;
  const endedAt = session?.endedAt === undefined ? now : new Date(session.endedAt);
  if (readyAt !== undefined) facts.push(["Ran for", clockDuration(endedAt.getTime() - Date.parse(readyAt))]);
  if (session) facts.push(["Ended", endedAt.toLocaleString()]);
  if (seenUntil) facts.push(["Screen", `as of ${seenUntil.toLocaleTimeString()}, when the connection was lost`]);
  return facts;
}

// What a person reads about a session.
import type { CallError, Cause, Ended, TerminalState } from "@cliscale/client";
import { type Session, closeCodes } from "@cliscale/protocol";

export interface EndInWords {
  sentence: string;
  /** `endReason` of the session, the code of an error, `refused` by the gateway, or `unknown`. */
  reason: string;
  exitCode?: number;
}

export function endInWords({ exit, session, error, closeCode }: Ended): EndInWords {
  if (exit) return { reason: "exited", exitCode: exit.exitCode, sentence: exitSentence(exit.exitCode, exit.signal) };
  if (session?.endReason) return endOfSession(session);
  if (error) return { reason: error.code, sentence: errorInWords(error) };
  return closeCode === closeCodes.forbidden
    ? { reason: "refused", sentence: "The gateway does not admit this page. Ask the operator to allow its address." }
    : { reason: "unknown", sentence: "The session has ended." };
}

function endOfSession(session: Session): EndInWords {
  const { endReason = "lost", exitCode, message } = session;
  switch (endReason) {
    case "exited":
      return exitCode === undefined
        ? { reason: endReason, sentence: "The command has ended." }
        : { reason: endReason, exitCode, sentence: exitSentence(exitCode) };
    case "stopped":
      return { reason: endReason, sentence: message ?? "The session was stopped." };
    case "idle":
      return {
        reason: endReason,
        sentence: message ?? `The session ended after ${durationInWords(session.idleSeconds)} without activity.`,
      };
    case "deadline":
      return { reason: endReason, sentence: message ?? "The session ended because its time was up." };
    case "failed":
      return { reason: endReason, sentence: `The command never ran. ${message ?? ""}`.trim() };
    case "lost":
      return { reason: endReason, sentence: lostInWords(message) };
  }
}

/** What Kubernetes calls an end that no command has chosen. */
const losses: Record<string, string> = {
  OOMKilled: "The session ran out of memory, and everything in it was ended.",
  Evicted: "The session was ended because its machine ran out of room.",
  ContainerCannotRun: "The session’s container could not be run.",
};

function lostInWords(message = "The session was lost."): string {
  const cause = Object.keys(losses).find((name) => new RegExp(`\\b${name}\\b`).test(message));
  return cause === undefined ? message : losses[cause]!;
}

/** What a shell means by an exit code: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_08_02 */
function exitSentence(exitCode: number, signal = signalOf(exitCode)): string {
  if (signal === "SIGKILL")
    return `The command was ended by SIGKILL (exit code ${exitCode}), as happens when memory runs out.`;
  if (signal) return `The command was ended by ${signal} (exit code ${exitCode}).`;
  if (exitCode === 127) return "The command was not found (exit code 127).";
  if (exitCode === 126) return "The command could not be run (exit code 126).";
  return `The command has ended with exit code ${exitCode}.`;
}

/** Signals by number, those that are the same on every system: https://man7.org/linux/man-pages/man7/signal.7.html */
const signals: Record<number, string> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  6: "SIGABRT",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  13: "SIGPIPE",
  14: "SIGALRM",
  15: "SIGTERM",
};

/** The signal that an exit code stands for, 128+N; undefined where it stands for none. */
export function signalOf(exitCode: number): string | undefined {
  return signals[exitCode - 128];
}

const inputLostSentence = "What you typed last was not sent.";

export function attachedInWords(state: Extract<TerminalState, { name: "attached" }>): string {
  const sentences = ["Attached."];
  if (state.inputLost) sentences.push(inputLostSentence);
  if (!state.controller) sentences.push("Another window sets the size; type here to take over.");
  return sentences.join(" ");
}

/** Why a terminal has to attach again, and when; the time itself is counted down behind the words. */
export function reattachingInWords(
  { cause, whenShown, inputLost }: Extract<TerminalState, { name: "reattaching" }>,
  isOffline = false,
): string {
  const sentences = [isOffline ? "You are offline." : causeInWords(cause)];
  if (inputLost) sentences.push(inputLostSentence);
  sentences.push(whenShown ? "It attaches again when this tab is shown." : "Next try ");
  return sentences.join(" ");
}

/** Why a terminal has to attach again. */
export function causeInWords(cause: Cause): string {
  if ("error" in cause) return cause.error.message;
  switch (cause.closeCode) {
    case closeCodes.draining:
      return "The gateway restarts.";
    case closeCodes.tooMany:
      return "Too many connections.";
    case closeCodes.unavailable:
      return "The terminal cannot be reached.";
    default:
      return "Connection lost.";
  }
}

export function errorInWords({ message, details }: CallError): string {
  const { retryAfterSeconds } = details;
  return retryAfterSeconds === undefined ? message : `${message} Try again in ${durationInWords(retryAfterSeconds)}.`;
}

export function durationInWords(seconds: number): string {
  if (seconds < 120) return counted(Math.ceil(seconds), "second");
  if (seconds < 7200) return counted(Math.round(seconds / 60), "minute");
  return counted(Math.round(seconds / 3600), "hour");
}

/** A duration to the second, such as `1 h 2 min 3 s`. */
export function clockDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const parts: [number, string][] = [
    [Math.floor(seconds / 3600), "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ];
  const shown = parts.filter(([count], index) => count > 0 || (index === 2 && seconds === 0));
  return shown.map(([count, unit]) => `${count} ${unit}`).join(" ");
}

function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

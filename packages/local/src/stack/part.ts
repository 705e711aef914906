import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";

export interface PartOptions {
  name: string;
  /** Path of the program. */
  program: string;
  env: Record<string, string>;
  /** Flags of Node's. */
  execArgv?: readonly string[];
  logFolder: string;
  readyMilliseconds: number;
  stopMilliseconds: number;
}

/** A program of the stack, running in a process of its own. It says that it serves by an IPC message `{ ready: true }`. */
export interface Part {
  name: string;
  /** What it said with that message. */
  readyMessage: ReadyMessage;
  /** Resolves when the process has ended, with how. */
  ended: Promise<string>;
  stop(): Promise<void>;
}

export interface ReadyMessage {
  ready: true;
  /** Of the Kubernetes stand-in: whether pods are kept from this machine's files and processes. */
  sandboxed?: boolean;
}

/**
 * Starts a program and waits until it serves.
 * @throws Error with the end of its log when it ends first or takes too long, or is told to stop; the program then has
 * ended.
 */
export async function startPart(options: PartOptions, stopping: AbortSignal): Promise<Part> {
  mkdirSync(options.logFolder, { recursive: true });
  const logFile = join(options.logFolder, `${options.name}.log`);
  const child = fork(options.program, {
    env: options.env,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    execArgv: [...(options.execArgv ?? [])],
  });
  const log = createWriteStream(logFile, { flags: "a" });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  const tail = keepTail(child);
  const ended = once(child, "exit").then(([code, signal]) => {
    log.end();
    return signal ? `was ended by ${String(signal)}` : `ended with exit code ${String(code)}`;
  });

  const timer = AbortSignal.timeout(options.readyMilliseconds);
  const outcome = await Promise.race([
    readyMessage(child),
    ended,
    aborted(timer).then(() => `did not serve within ${options.readyMilliseconds / 1000} s`),
    aborted(stopping).then(() => "was stopped while it started"),
  ]);
  if (typeof outcome === "string") {
    await stop(child, ended, options.stopMilliseconds);
    throw new Error(`${options.name} ${outcome}; its log is ${logFile}, and ends with:\n${tail()}`);
  }
  return {
    name: options.name,
    readyMessage: outcome,
    ended,
    stop: () => stop(child, ended, options.stopMilliseconds),
  };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}

function readyMessage(child: ChildProcess): Promise<ReadyMessage> {
  return new Promise((resolve) => {
    child.on("message", (message) => {
      if (typeof message === "object" && message !== null && "ready" in message) resolve(message as ReadyMessage);
    });
  });
}

function keepTail(child: ChildProcess): () => string {
  const kept = 2_000;
  let tail = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (tail = (tail + text).slice(-kept)));
  return () => tail.trim();
}

async function stop(child: ChildProcess, ended: Promise<string>, stopMilliseconds: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), stopMilliseconds);
  await ended;
  clearTimeout(timer);
}

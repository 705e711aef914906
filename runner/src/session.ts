import { setTimeout as delay } from "node:timers/promises";
import { type Exit, terminalPort, type TerminationMessage } from "@cliscale/protocol";
import type { Logger } from "@cliscale/service";
import { BundleError } from "./bundle/bundleError.ts";
import { type Bundle, placeBundle } from "./bundle/placeBundle.ts";
import { commandEnvironment } from "./command/commandEnvironment.ts";
import { endProcesses } from "./command/endProcesses.ts";
import { spawnPty } from "./command/pty.ts";
import type { Settings } from "./env.ts";
import { createFolders, type Folders } from "./folders.ts";
import { failureNotice, warningNotice } from "./notice.ts";
import { createTerminal, type Terminal } from "./terminal/terminal.ts";
import { serveTerminal, type TerminalServer } from "./terminal/terminalServer.ts";
import { writeTerminationMessage } from "./terminationLog.ts";
import { defaultTimes, type Times } from "./times.ts";

/** 128 + SIGTERM: what a session that was told to stop exits with. */
const stoppedExitCode = 143;

export interface SessionOptions {
  settings: Settings;
  logger: Logger;
  times?: Partial<Times>;
  /** How much of the latest output is kept, in bytes. */
  keptBytes?: number;
}

export interface Session {
  /** The exit code, once the command has ended and a client has seen it, or the session was stopped. */
  ended: Promise<number>;
  /** Drops the sockets and ends the command's processes; settles with the exit code. */
  stop: () => Promise<number>;
}

interface SessionContext {
  settings: Settings;
  logger: Logger;
  times: Times;
  terminal: Terminal;
  server: TerminalServer;
  stopping: AbortSignal;
  /** Settles when no process of the command is left; absent until one must end. */
  processesEnded?: Promise<void>;
}

/** How the session ended: for those attached, and for the control plane. */
interface Ending {
  exit: Exit;
  message: TerminationMessage;
}

/**
 * Serves the session's terminal, then runs the session by itself to its end.
 * @throws Error when the terminal's address cannot be bound.
 */
export async function startSession({ settings, logger, times: given, keptBytes }: SessionOptions): Promise<Session> {
  const times = { ...defaultTimes, ...given };
  const stopping = new AbortController();
  const terminal = createTerminal({ logger, times, ...(keptBytes !== undefined && { keptBytes }) });
  const { address, podSecret } = settings;
  const server = await serveTerminal({ address, podSecret, onSocket: terminal.attach, logger });
  logger.info({ address, port: terminalPort }, "terminal served");
  const ended = runSession({ settings, logger, times, terminal, server, stopping: stopping.signal });
  return {
    ended,
    stop: () => {
      terminal.drop();
      stopping.abort();
      return ended;
    },
  };
}

async function runSession(session: SessionContext): Promise<number> {
  try {
    const ending = await runBundle(session);
    if (!ending) return stoppedExitCode;
    await leaveMessage(session, ending.message);
    session.terminal.end(ending.exit);
    await deliverEnding(session);
    return ending.exit.exitCode;
  } finally {
    session.terminal.drop();
    await Promise.all([session.server.close(), session.processesEnded]);
  }
}

/** From the bundle's source to the end of its command; undefined when the session is stopped before that. */
async function runBundle(session: SessionContext): Promise<Ending | undefined> {
  const { settings, terminal, stopping } = session;
  let command = settings.command;
  try {
    if (!settings.sandboxed) terminal.print(warningNotice("this session runs without a sandbox on this machine"));
    const folders = await createFolders(settings.workFolder);
    const [bundle] = await Promise.all([putBundle(session, folders), firstHello(session)]);
    command ??= await bundle.defaultCommand();
    const exit = await runCommand(session, command, folders);
    return stopping.aborted ? undefined : { exit, message: { outcome: "exited", exitCode: exit.exitCode, command } };
  } catch (error) {
    return stopping.aborted ? undefined : failure(session, error, command);
  }
}

async function putBundle({ settings, terminal, stopping, logger }: SessionContext, folders: Folders): Promise<Bundle> {
  const startedAt = performance.now();
  const bundle = await placeBundle({ settings, folders, terminal, stopping });
  logger.info({ durationMilliseconds: Math.round(performance.now() - startedAt) }, "bundle in place");
  return bundle;
}

/** The command starts at the size of the first terminal, but does not wait for one for ever. */
async function firstHello({ terminal, times, stopping }: SessionContext): Promise<void> {
  await Promise.race([terminal.firstHello, delay(times.firstHello, undefined, { signal: stopping, ref: false })]);
}

async function runCommand(session: SessionContext, command: string, folders: Folders): Promise<Exit> {
  const { settings, terminal, times, stopping, logger } = session;
  const env = await commandEnvironment(settings, folders);
  stopping.throwIfAborted();
  const startedAt = performance.now();
  const pty = spawnPty({
    file: "/bin/sh",
    args: ["-c", command],
    env,
    folder: folders.work,
    size: terminal.size(),
    onOutput: terminal.print,
  });
  terminal.connect(pty, command);
  const end = () => {
    session.processesEnded ??= endProcesses(pty.pid, times.kill);
  };
  stopping.addEventListener("abort", end, { once: true });
  const exit = await pty.ended;
  end();
  logger.info({ ...exit, durationMilliseconds: Math.round(performance.now() - startedAt) }, "command ended");
  return exit;
}

function failure({ terminal, logger }: SessionContext, error: unknown, command: string | undefined): Ending {
  const expected = error instanceof BundleError;
  const reason = error instanceof Error ? error.message : String(error);
  const message = expected ? reason : `The command could not be started: ${reason}`;
  logger.warn(expected ? { reason: message } : { err: error }, "session failed");
  terminal.print(failureNotice(message));
  return { exit: { exitCode: 1 }, message: { outcome: "failed", message, ...(command && { command }) } };
}

async function leaveMessage({ settings, logger }: SessionContext, message: TerminationMessage): Promise<void> {
  try {
    await writeTerminationMessage(settings.terminationLog, message);
  } catch (error) {
    // A full disk must not keep those attached from seeing the end.
    logger.error({ err: error }, "the termination message could not be written");
  }
}

/** Serves the final screen until a client has received it, for a bounded time, and closes what is still attached. */
async function deliverEnding({ terminal, times, stopping, logger }: SessionContext): Promise<void> {
  const timeout = delay(times.delivery, "nobody", { signal: stopping, ref: false }).catch(() => "stopped");
  const receivedBy = await Promise.race([terminal.delivered.then(() => "client"), timeout]);
  await terminal.close(receivedBy === "client" ? times.farewell : 0);
  logger.info({ receivedBy }, "session ended");
}

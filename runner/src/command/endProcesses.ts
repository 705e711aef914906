import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** How often to look whether processes that were asked to end have ended, in milliseconds. */
const pollMilliseconds = 50;
/** How long to go on after the first SIGKILL, in milliseconds: a process that hangs in the kernel does not end by it. */
const unkillableMilliseconds = 2_000;

/**
 * Ends every process of a session (setsid(2)): asks by SIGHUP and SIGTERM, and after a grace ends what is left by SIGKILL.
 * Process groups are not enough: an interactive shell gives each of its jobs a group of its own. Never rejects.
 */
export async function endProcesses(sessionLeader: number, graceMilliseconds: number): Promise<void> {
  await signalSession(sessionLeader, "SIGHUP");
  await signalSession(sessionLeader, "SIGTERM");
  // A stopped process sees no signal but SIGKILL until it continues.
  let left = await signalSession(sessionLeader, "SIGCONT");
  const killAt = performance.now() + graceMilliseconds;
  const giveUpAt = killAt + unkillableMilliseconds;
  while (left > 0 && performance.now() < giveUpAt) {
    await delay(pollMilliseconds);
    left = await signalSession(sessionLeader, performance.now() < killAt ? 0 : "SIGKILL");
  }
}

/** Sends a signal (0: none) to every process of the session; returns how many there were. */
async function signalSession(sessionLeader: number, signal: NodeJS.Signals | 0): Promise<number> {
  const members = await sessionMembers(sessionLeader);
  return members.filter((pid) => sendSignal(pid, signal)).length;
}

async function sessionMembers(sessionLeader: number): Promise<number[]> {
  const entries = await readdir("/proc").catch(() => []);
  // Without /proc (macOS) the leader's process group stands for the session.
  if (entries.length === 0) return [-sessionLeader];
  const pids = entries.filter((entry) => /^\d+$/.test(entry)).map(Number);
  const members = await Promise.all(pids.map(async (pid) => ((await isMember(pid, sessionLeader)) ? [pid] : [])));
  return members.flat();
}

/** Whether a process belongs to the session and is not a zombie, which no signal can end. */
async function isMember(pid: number, sessionLeader: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // proc_pid_stat(5): pid (name) state ppid pgrp session …; the name may itself hold spaces and brackets.
  const [state, , , session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(session) === sessionLeader && state !== "Z" && state !== "X";
}

function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
    return false;
  }
}

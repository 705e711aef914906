import { request } from "node:http";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Probe } from "../resources/podProbe.ts";

/** The container that is probed. */
export interface ProbeTarget {
  address: string;
  /** The number of a port, which may be given by its name. */
  portOf: (port: number | string) => number;
  /** Runs a command as the container would: what is wrong with how it ended, or undefined. */
  exec: (command: string[], timeoutMilliseconds: number) => Promise<string | undefined>;
}

/** How often in a row a probe has now succeeded, or failed and why. */
export type Streak = { succeeded: true; count: number } | { succeeded: false; count: number; why: string };

/**
 * Probes a container while the signal lasts, and tells after each time how it stands. The signal's end is no error.
 * https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
 */
export async function watchProbe(
  probe: Probe,
  target: ProbeTarget,
  onStreak: (streak: Streak) => void,
  signal: AbortSignal,
): Promise<void> {
  let count = 0;
  let last: boolean | undefined;
  try {
    await delay((probe.initialDelaySeconds ?? 0) * 1000, undefined, { signal });
    while (!signal.aborted) {
      const problem = await check(probe, target);
      if (signal.aborted) return;
      const succeeded = problem === undefined;
      count = succeeded === last ? count + 1 : 1;
      last = succeeded;
      onStreak(succeeded ? { succeeded, count } : { succeeded, count, why: problem });
      await delay(probe.periodSeconds * 1000, undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** What is wrong, or undefined when the probe succeeds. */
async function check(
  { tcpSocket, httpGet, exec, timeoutSeconds }: Probe,
  target: ProbeTarget,
): Promise<string | undefined> {
  const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
  try {
    if (exec) return await target.exec(exec.command, timeoutSeconds * 1000);
    if (tcpSocket) await tryConnect(target.address, target.portOf(tcpSocket.port), timeout);
    else await tryGet({ ...httpGet!, port: target.portOf(httpGet!.port) }, target.address, timeout);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function tryConnect(host: string, port: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    signal.addEventListener("abort", () => socket.destroy(new Error("timed out")));
    socket.once("connect", () => {
      socket.destroy();
      resolve();
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("closed")));
  });
}

interface HttpGet {
  path: string;
  port: number;
  httpHeaders?: { name: string; value: string }[] | undefined;
}

function tryGet({ path, port, httpHeaders = [] }: HttpGet, host: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = Object.fromEntries(httpHeaders.map(({ name, value }) => [name, value]));
    const sent = request({ host, port, path, headers: { "User-Agent": "kube-probe/1.34", ...headers }, signal });
    sent.once("response", (response) => {
      const { statusCode = 0 } = response;
      response.destroy();
      if (statusCode >= 200 && statusCode < 400) resolve();
      else reject(new Error(`HTTP probe failed with statuscode: ${statusCode}`));
    });
    sent.once("error", reject);
    sent.end();
  });
}

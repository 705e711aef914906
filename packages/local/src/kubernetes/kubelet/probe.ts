import { request } from "node:http";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { ReadinessProbe } from "../resources/podSpec.ts";

/**
 * Tells, while the signal lasts, whenever a container becomes ready or stops being so.
 * https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
 */
export async function watchReadiness(
  probe: ReadinessProbe,
  address: string,
  onChange: (ready: boolean, why: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let ready = false;
  let streak = 0;
  let last: boolean | undefined;
  await delay((probe.initialDelaySeconds ?? 0) * 1000, undefined, { signal });
  while (!signal.aborted) {
    const problem = await check(probe, address);
    if (signal.aborted) return;
    const succeeded = problem === undefined;
    streak = succeeded === last ? streak + 1 : 1;
    last = succeeded;
    if (succeeded !== ready && streak >= (succeeded ? probe.successThreshold : probe.failureThreshold)) {
      ready = succeeded;
      onChange(ready, problem ?? "");
    }
    await delay(probe.periodSeconds * 1000, undefined, { signal });
  }
}

/** What is wrong, or undefined when the probe succeeds. */
async function check(probe: ReadinessProbe, address: string): Promise<string | undefined> {
  const timeout = AbortSignal.timeout(probe.timeoutSeconds * 1000);
  try {
    if (probe.tcpSocket) await tryConnect(address, probe.tcpSocket.port, timeout);
    else await tryGet(probe.httpGet!, address, timeout);
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

function tryGet(
  { path, port, httpHeaders = [] }: NonNullable<ReadinessProbe["httpGet"]>,
  host: string,
  signal: AbortSignal,
): Promise<void> {
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

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { findFreePort } from "@cliscale/local/ports";
import { nodeOptions } from "../../src/nodeOptions.ts";

/** What the gateway's image runs, in a process of its own. */
export interface Program {
  child: ChildProcess;
  port: number;
  adminPort: number;
  /** What it has written to standard error so far. */
  log(): string;
  /** Status and body of a page of the admin server. */
  admin(path: string): Promise<{ status: number; body: string }>;
  /** Sends a signal and resolves to the exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

const program = join(import.meta.dirname, "../../src/image.ts");

/** Starts the program and waits until it says that it is ready. `openFiles` limits its file descriptors. */
export async function startProgram(env: Record<string, string>, openFiles?: number): Promise<Program> {
  const [port, adminPort] = [await findFreePort(), await findFreePort()];
  const start = `exec node ${nodeOptions.join(" ")} $0`;
  const command = openFiles === undefined ? start : `ulimit -n ${openFiles}; ${start}`;
  const child = spawn("sh", ["-c", command, program], {
    env: { ...env, CLISCALE_GATEWAY_PORT: String(port), CLISCALE_GATEWAY_ADMIN_PORT: String(adminPort) },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let log = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  const exited = once(child, "exit");
  const ready = once(child, "message").then(([message]) => message as unknown);
  const first = await Promise.race([ready, exited.then(() => undefined)]);
  if (JSON.stringify(first) !== '{"ready":true}') throw new Error(`the gateway did not start: ${log}`);
  return {
    child,
    port,
    adminPort,
    log: () => log,
    async admin(path) {
      const response = await fetch(`http://127.0.0.1:${adminPort}${path}`, { headers: { Connection: "close" } });
      return { status: response.status, body: await response.text() };
    },
    async end(signal = "SIGTERM") {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      const [code] = (await exited) as [number | null];
      return code;
    },
  };
}

/** Runs the program to its end: with an environment that it does not start with, or arguments that let it do something else. */
export async function runProgram(
  env: Record<string, string>,
  args: string[] = [],
): Promise<{ code: number | null; log: string }> {
  const child = spawn("node", [program, ...args], { env, stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, log };
}

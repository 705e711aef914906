import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { terminalPort } from "@cliscale/protocol";
import { findFreePort } from "@cliscale/local/ports";
import { processTree } from "../measure.ts";

/** A gateway under measurement, in processes of its own on a core of its own. */
export interface Peer {
  port: number;
  /** All its processes. */
  pids(): Promise<number[]>;
  /** Sends a signal and waits until it has ended. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** The core that gateways run on; load, pods and PostgreSQL share the other. */
export const cores = { gateway: 0, load: 1 } as const;

const startMilliseconds = 30_000;

/** What Debian has to offer, and the package that it is in. */
const programs = { nginx: "nginx-light", haproxy: "haproxy", taskset: "util-linux" } as const;

/** @throws Error that says what to install. */
export function requirePrograms(): void {
  const path = [process.env["PATH"], "/usr/sbin"].join(delimiter);
  process.env["PATH"] = path;
  const missing = Object.entries(programs).filter(([name]) => spawnSync(name, ["--version"]).error);
  if (missing.length === 0) return;
  throw new Error(
    `missing on PATH: install them with \`apt-get install ${missing.map(([, name]) => name).join(" ")}\``,
  );
}

export async function startNginx(podIp: string): Promise<Peer> {
  const folder = await mkdtemp(join(tmpdir(), "cliscale-bench-"));
  const port = await findFreePort();
  const template = await readFile(join(import.meta.dirname, "nginx.conf"), "utf8");
  const values: Record<string, string> = { FOLDER: folder, PORT: String(port), BACKEND: `${podIp}:${terminalPort}` };
  await writeFile(
    join(folder, "nginx.conf"),
    template.replace(/FOLDER|PORT|BACKEND/g, (name) => values[name]!),
  );
  const child = run(["nginx", "-c", join(folder, "nginx.conf"), "-p", folder, "-g", "daemon off;"], {});
  return peerOf(child, port, () => rm(folder, { recursive: true, force: true }));
}

export async function startHaproxy(podIp: string): Promise<Peer> {
  const port = await findFreePort();
  const env = { PORT: String(port), BACKEND: `${podIp}:${terminalPort}` };
  return peerOf(run(["haproxy", "-db", "-f", join(import.meta.dirname, "haproxy.cfg")], env), port);
}

/** A program of Node's, with flags of Node's; it is told BACKEND and PORT unless it has an environment of its own. */
export async function startNode(file: string, podIp: string, flags: readonly string[] = []): Promise<Peer> {
  const port = await findFreePort();
  const env = { PORT: String(port), BACKEND: `${podIp}:${terminalPort}` };
  return peerOf(run([process.execPath, ...flags, join(import.meta.dirname, file)], env), port);
}

/** A program that takes its port, and whatever else, from the environment. */
export async function startProgram(
  file: string,
  portVariable: string,
  env: Record<string, string>,
  flags: readonly string[],
): Promise<Peer> {
  const port = await findFreePort();
  return peerOf(run([process.execPath, ...flags, file], { ...env, [portVariable]: String(port) }), port);
}

function run(command: string[], env: Record<string, string>): ChildProcess {
  return spawn("taskset", ["-c", String(cores.gateway), ...command], {
    env: { PATH: process.env["PATH"], LOG_LEVEL: "warn", ...env },
    stdio: ["ignore", "ignore", "inherit"],
  });
}

async function peerOf(child: ChildProcess, port: number, cleanUp: () => Promise<void> = async () => {}): Promise<Peer> {
  const exited = once(child, "exit");
  await listening(child, port);
  return {
    port,
    pids: () => processTree(child.pid!),
    async stop(signal = "SIGKILL") {
      // nginx's workers outlive a master that is killed.
      child.kill(signal === "SIGKILL" && child.spawnargs.includes("nginx") ? "SIGTERM" : signal);
      await exited;
      await cleanUp();
    },
  };
}

async function listening(child: ChildProcess, port: number): Promise<void> {
  const deadline = performance.now() + startMilliseconds;
  while (performance.now() < deadline && child.exitCode === null) {
    if (await canConnect(port)) return;
    await delay(50);
  }
  child.kill("SIGKILL");
  throw new Error(`${child.spawnargs.slice(3).join(" ")} does not listen on port ${port}`);
}

async function canConnect(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

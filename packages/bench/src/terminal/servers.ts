import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createConnection } from "node:net";
import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { findFreePort } from "@cliscale/local/ports";
import { buildImage } from "@cliscale/toolchain/buildImages";
import { terminalUrl } from "../../../../runner/test/support/client.ts";
import { startRunner } from "../../../../runner/test/support/runner.ts";

/** A terminal server that runs a command. */
export interface Server {
  url: string;
  /** Its first process. */
  pid: number;
  stop: () => Promise<void>;
}

let image: Promise<string> | undefined;

/** The runner as its pod runs it, from the bundle of its image. */
export async function startCliscale(command: string): Promise<Server> {
  image ??= buildImage("runner");
  const main = join(await image, "main.mjs");
  const cleanups: (() => unknown)[] = [];
  const runner = await startRunner(
    { after: (cleanup: () => unknown) => cleanups.push(cleanup) } as unknown as TestContext,
    { command, main },
  );
  return {
    url: terminalUrl(runner),
    pid: runner.pid,
    stop: async () => {
      for (const cleanup of cleanups.toReversed()) await cleanup();
    },
  };
}

/** ttyd from another release's file system, in which `folder` is at the same path. */
export async function startTtyd(root: string, command: string, folder: string): Promise<Server> {
  const port = await findFreePort();
  const mounts = [
    "--bind",
    root,
    "/",
    "--dev-bind",
    "/dev",
    "/dev",
    "--proc",
    "/proc",
    "--tmpfs",
    "/tmp",
    "--bind",
    folder,
    folder,
  ];
  const ttyd = ["ttyd", "-W", "-i", "127.0.0.1", "-p", String(port), "sh", "-c", command];
  const child = spawn("bwrap", ["--die-with-parent", ...mounts, "--setenv", "LANG", "C.UTF-8", ...ttyd], {
    stdio: "ignore",
  });
  await listening(port, child);
  return {
    url: `ws://127.0.0.1:${port}/ws`,
    pid: child.pid ?? 0,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) throw new Error(`ttyd ended with ${child.exitCode}`);
    const socket = createConnection(port, "127.0.0.1");
    const isOpen = await Promise.race([
      once(socket, "connect").then(() => true),
      once(socket, "error").then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (isOpen) return;
    await delay(50);
  }
  throw new Error("ttyd does not listen");
}

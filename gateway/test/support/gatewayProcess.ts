import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Deadlines } from "../../src/deadlines.ts";
import { nodeOptions } from "../../src/nodeOptions.ts";
import { podRange } from "./pods.ts";
import { issuer } from "./signer.ts";
import { allowedOrigin, type World } from "./world.ts";

export interface GatewayProcess {
  port: number;
  child: ChildProcess;
  /** Resident memory in bytes. */
  rss(): Promise<number>;
  /** Waits, 5 s unless said otherwise, until it holds no more sockets than before its first client, but for `others`. */
  noSocketsLeft(others?: number, milliseconds?: number): Promise<void>;
  stop(): Promise<void>;
}

/** The environment of a gateway beside this world. */
export function gatewayEnv(world: Pick<World, "databaseUrl" | "jwks">): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "",
    CLISCALE_GATEWAY_PORT: "0",
    CLISCALE_GATEWAY_ADMIN_PORT: "0",
    CLISCALE_DATABASE_URL: world.databaseUrl,
    CLISCALE_JWKS_URL: world.jwks.url,
    CLISCALE_TOKEN_ISSUER: issuer,
    CLISCALE_ALLOWED_ORIGINS: allowedOrigin,
    CLISCALE_POD_RANGE: podRange,
    CLISCALE_DRAIN_SECONDS: "0",
  };
}

export async function startGatewayProcess(
  world: World,
  deadlines: Partial<Deadlines>,
  env: Record<string, string> = {},
): Promise<GatewayProcess> {
  const child = fork(join(import.meta.dirname, "gatewayProgram.ts"), {
    env: {
      ...gatewayEnv(world),
      CLISCALE_GATEWAY_SOCKETS_PER_USER: "10000",
      CLISCALE_GATEWAY_SOCKETS_PER_SESSION: "10000",
      LOG_LEVEL: "error",
      ...env,
      TEST_DEADLINES: JSON.stringify(deadlines),
    },
    execArgv: [...nodeOptions],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const [{ port }] = (await once(child, "message")) as [{ port: number }];
  const usage = async () => {
    const answer = once(child, "message");
    child.send("usage");
    const [message] = (await answer) as [{ sockets: number; rss: number }];
    return message;
  };
  const { sockets: baseline } = await usage();
  return {
    port,
    child,
    rss: async () => (await usage()).rss,
    async noSocketsLeft(others = 0, milliseconds = 20_000) {
      const deadline = performance.now() + milliseconds;
      let left = (await usage()).sockets - baseline;
      while (left > others && performance.now() < deadline) {
        await delay(10);
        left = (await usage()).sockets - baseline;
      }
      assert.ok(left <= others, `${left} sockets are left`);
    },
    async stop() {
      const exited = once(child, "exit");
      child.disconnect();
      await exited;
    },
  };
}

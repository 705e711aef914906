import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { findFreePort } from "@cliscale/local/ports";
import { root } from "@cliscale/local/settings";
import { eventually, gatewayProcess, type World } from "../world.ts";

/** Another gateway of a stack, with the settings of the first, to be killed while the first one goes on. */
export interface SecondGateway {
  port: number;
  /** By SIGKILL, as a node that dies does it. */
  kill: () => Promise<void>;
  /** By SIGTERM: it tells its clients to attach again. */
  drain: () => Promise<void>;
  /** Resolves when it is ready. */
  start: () => Promise<void>;
}

export async function startSecondGateway(world: World): Promise<SecondGateway> {
  const { pid } = await gatewayProcess(world);
  const environ = (await readFile(`/proc/${pid}/environ`, "utf8")).split("\0").filter((entry) => entry.includes("="));
  const [port, adminPort] = [await findFreePort(), await findFreePort()];
  const env = {
    ...Object.fromEntries(environ.map((entry) => entry.split(/=(.*)/s, 2))),
    CLISCALE_GATEWAY_HOST: "127.0.0.1",
    CLISCALE_GATEWAY_ADMIN_HOST: "127.0.0.1",
    CLISCALE_GATEWAY_PORT: String(port),
    CLISCALE_GATEWAY_ADMIN_PORT: String(adminPort),
    CLISCALE_DRAIN_SECONDS: "0",
  };
  let child: ChildProcess | undefined;

  const end = async (signal: NodeJS.Signals) => {
    const ending = child;
    child = undefined;
    if (!ending) return;
    const ended = once(ending, "exit");
    ending.kill(signal);
    await ended;
  };
  const gateway: SecondGateway = {
    port,
    kill: () => end("SIGKILL"),
    drain: () => end("SIGTERM"),
    async start() {
      child = spawn(process.execPath, [join(root, "gateway/src/image.ts")], { cwd: root, env, stdio: "ignore" });
      await eventually(async () => {
        const answer = await fetch(`http://127.0.0.1:${adminPort}/readyz`);
        await answer.body?.cancel();
        if (!answer.ok) throw new Error(`the second gateway answers ${answer.status}`);
      });
    },
  };
  await gateway.start();
  return gateway;
}

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";

/** A network of its own, one wire away, that can be lost without a word. */
export interface FarNetwork {
  /** Addresses of the two ends of the wire: ours, and the other one. */
  nearIp: string;
  farIp: string;
  /** Has the program on the other side do something; resolves when it is done. */
  order(order: FarOrder): Promise<void>;
  /** Takes the wire down. Nothing on either side is told. */
  cut(): Promise<void>;
  remove(): Promise<void>;
}

export type FarOrder =
  /** Serve pods at the far address; those that are `mute` read their handshake and say nothing. */
  | { do: "serve"; pods: { podSecret: string; mute: boolean }[] }
  /** Attach a client, and leave it idle. */
  | { do: "attach"; port: number; sessionId: string; token: string }
  /** Connect and say so much. */
  | { do: "say"; port: number; text: string };

const name = `cliscale${process.pid}`;
const wire = { near: `cn${process.pid}`, far: `cf${process.pid}` };
const network = `10.213.${(process.pid % 250) + 1}`;
const [nearIp, farIp] = [`${network}.1`, `${network}.2`];
const program = join(import.meta.dirname, "farProgram.ts");

/** Why there can be no such network here, or false: tests that need one are skipped with it. */
export async function farNetworkMissing(): Promise<string | false> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "a network namespace needs root on Linux";
  try {
    await ip("netns", "add", name);
    await ip("netns", "delete", name);
    return false;
  } catch (error) {
    return `a network namespace cannot be made (Debian's iproute2 is needed): ${String(error)}`;
  }
}

export async function startFarNetwork(): Promise<FarNetwork> {
  await ip("netns", "add", name);
  await ip("link", "add", wire.near, "type", "veth", "peer", "name", wire.far, "netns", name);
  await ip("address", "add", `${nearIp}/30`, "dev", wire.near);
  await ip("link", "set", wire.near, "up");
  await ip("-netns", name, "address", "add", `${farIp}/30`, "dev", wire.far);
  await ip("-netns", name, "link", "set", wire.far, "up");
  const child = spawn("ip", ["netns", "exec", name, process.execPath, program, nearIp, farIp], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  await answer(child);
  return {
    nearIp,
    farIp,
    async order(order) {
      const done = answer(child);
      child.send(order);
      await done;
    },
    cut: () => ip("-netns", name, "link", "set", wire.far, "down"),
    async remove() {
      if (child.exitCode === null) {
        const exited = once(child, "exit");
        child.kill("SIGKILL");
        await exited;
      }
      // By itself the wire would stay until the last connection over it has timed out.
      await ip("link", "delete", wire.near);
      await ip("netns", "delete", name);
    },
  };
}

async function answer(child: ChildProcess): Promise<void> {
  using listeners = new DisposableStack();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onExit = (code: number | null) => reject(new Error(`the program on the far side ended with ${code}`));
  child.once("message", resolve).once("exit", onExit);
  listeners.defer(() => void child.off("message", resolve).off("exit", onExit));
  await promise;
}

async function ip(...args: string[]): Promise<void> {
  await promisify(execFile)("ip", args);
}

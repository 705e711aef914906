import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { attach, outputOf } from "./client.ts";
import type { Server } from "./servers.ts";

/** How long a session has been idle when it is looked at, in milliseconds. */
const idleMilliseconds = 3000;

export interface IdleMemory {
  /** Proportional set sizes: what several processes share, such as a program's file, counts once among all that do. */
  megabytes: number;
  /** What no other process shares. */
  ownMegabytes: number;
}

/**
 * Memory that all processes of an idle session take together. One client is attached.
 */
export async function measureIdleMemory(server: Server): Promise<IdleMemory> {
  const ready = Promise.withResolvers<void>();
  const client = await attach(server.url, (message) => {
    if (outputOf(message)) ready.resolve();
  });
  client.type("echo ready\n");
  await ready.promise;
  await delay(idleMilliseconds);
  const sizes = await Promise.all([...(await withDescendants(server.pid))].map(setSizes));
  await client.close();
  return {
    megabytes: megabytes(sizes.map(({ proportional }) => proportional)),
    ownMegabytes: megabytes(sizes.map(({ own }) => own)),
  };
}

function megabytes(bytes: number[]): number {
  return bytes.reduce((sum, value) => sum + value, 0) / 1e6;
}

async function withDescendants(pid: number): Promise<Set<number>> {
  const parents = new Map<number, number>();
  for (const entry of await readdir("/proc")) {
    const stat = /^\d+$/.test(entry) ? await readFile(`/proc/${entry}/stat`, "utf8").catch(() => "") : "";
    if (stat) parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const found = new Set([pid]);
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const [child, parent] of parents) if (found.has(parent)) found.add(child);
  }
  return found;
}

/** In bytes: https://www.kernel.org/doc/html/latest/filesystems/proc.html, "smaps_rollup". */
async function setSizes(pid: number): Promise<{ proportional: number; own: number }> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
  const bytes = (field: string) => Number(new RegExp(`^${field}: +(\\d+) kB`, "m").exec(text)?.[1] ?? 0) * 1024;
  return { proportional: bytes("Pss"), own: bytes("Private_Dirty") + bytes("Private_Clean") };
}

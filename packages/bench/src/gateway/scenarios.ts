import { setTimeout as delay } from "node:timers/promises";
import { type Gateway, type Surroundings, Terminals } from "./gateways.ts";
import type { Client } from "./load/client.ts";
import { concurrently } from "./load/concurrently.ts";
import { commands, floodFrameBytes } from "./load/pods.ts";
import { busyTime, cpuTime, percentile, processTree, residentBytes, slabBytes } from "./measure.ts";

const attachesAtOnce = 64;
const warmUpAttaches = 100;
/** A server's frame header for payloads of 126 bytes and more, and for shorter ones. */
const header = { long: 4, short: 2 } as const;

export interface Memory {
  /** A gateway that has just started, and the same after its first hundred terminals are closed: what the pairs are added to. */
  coldBytes: number;
  baseBytes: number;
  levels: { pairs: number; bytesPerPair: number; kernelBytesPerPair: number }[];
}

/** Memory of idle terminals, each attached by the real path, after it has echoed 4 KB. No garbage collection is forced. */
export async function measureMemory(
  gateway: Gateway,
  around: Surroundings,
  levels: readonly number[],
): Promise<Memory> {
  const settleMilliseconds = 5_000;
  const peer = await gateway.start(around);
  const open: Client[] = [];
  try {
    const coldBytes = await residentBytes(await peer.pids());
    const terminals = new Terminals(peer, around);
    await openAndEcho(terminals, gateway, around, warmUpAttaches).then(closeAll);
    await delay(settleMilliseconds);
    const pids = await peer.pids();
    const [baseBytes, baseSlab] = [await residentBytes(pids), await slabBytes()];
    const result: Memory = { coldBytes, baseBytes, levels: [] };
    for (const pairs of levels) {
      open.push(...(await openAndEcho(terminals, gateway, around, pairs - open.length)));
      await delay(settleMilliseconds);
      result.levels.push({
        pairs,
        bytesPerPair: Math.round(((await residentBytes(pids)) - baseBytes) / pairs),
        // Load and pods hold as many sockets as the gateway does.
        kernelBytesPerPair: Math.round(((await slabBytes()) - baseSlab) / pairs / 2),
      });
    }
    const lost = open.filter(({ socket }) => socket.destroyed).length;
    if (lost > 0) throw new Error(`${gateway.name} lost ${lost} terminals`);
    return result;
  } finally {
    for (const { socket } of open) socket.destroy();
    await peer.stop();
    await delay(1_000);
  }
}

async function openAndEcho(terminals: Terminals, gateway: Gateway, around: Surroundings, count: number) {
  const payload = Buffer.alloc(4096, "e");
  await terminals.prepare(count, gateway, around.controlPlane);
  return concurrently(count, attachesAtOnce, async () => {
    const client = await terminals.open();
    client.send(payload);
    await client.receive(payload.length + header.long);
    return client;
  });
}

async function closeAll(clients: readonly Client[]): Promise<void> {
  await Promise.all(clients.map((client) => client.close()));
}

export interface AttachRate {
  attachesPerSecond: number;
  /** Of the gateway for one attach and its end, in microseconds; and the part of it on the main thread. */
  cpuMicroseconds: number;
  mainThreadMicroseconds: number;
  p50Milliseconds: number;
  p99Milliseconds: number;
  /** Share of a core that others took. */
  foreignCpu: number;
}

/** Attaches and detaches, 64 at once. */
export async function measureAttachRate(
  gateway: Gateway,
  around: Surroundings,
  terminals: Terminals,
  attaches: number,
): Promise<AttachRate> {
  await terminals.prepare(attaches, gateway, around.controlPlane);
  const latencies: number[] = [];
  const usage = await watchUsage(terminals);
  await concurrently(attaches, attachesAtOnce, async () => {
    const begun = performance.now();
    const client = await terminals.open();
    latencies.push(performance.now() - begun);
    await client.close();
  });
  const { seconds, cpu, foreignCpu } = await usage();
  latencies.sort((a, b) => a - b);
  return {
    attachesPerSecond: Math.round(attaches / seconds),
    cpuMicroseconds: Math.round(cpu.all / attaches),
    mainThreadMicroseconds: Math.round(cpu.main / attaches),
    p50Milliseconds: rounded(percentile(latencies, 0.5)),
    p99Milliseconds: rounded(percentile(latencies, 0.99)),
    foreignCpu,
  };
}

export interface Echo {
  terminals: number;
  p50Milliseconds: number;
  p99Milliseconds: number;
  cpuMicroseconds: number;
  foreignCpu: number;
}

/** Busy terminals: each sends nine bytes ten times a second and gets them back. */
export async function measureEcho(
  gateway: Gateway,
  around: Surroundings,
  terminals: Terminals,
  count: number,
): Promise<Echo> {
  const intervalMilliseconds = 100;
  const keystrokes = 30;
  const payload = Buffer.alloc(9, "e");
  const clients = await openAndEcho(terminals, gateway, around, count);
  const latencies: number[] = [];
  const usage = await watchUsage(terminals);
  const startedAt = performance.now();
  await concurrently(count, count, async (index) => {
    const client = clients[index]!;
    for (let keystroke = 0; keystroke < keystrokes; keystroke += 1) {
      // The terminals' turns are spread evenly, as those of people are.
      const turn = startedAt + (keystroke + index / count) * intervalMilliseconds;
      await delay(Math.max(0, turn - performance.now()));
      const begun = performance.now();
      client.send(payload);
      await client.receive(payload.length + header.short);
      latencies.push(performance.now() - begun);
    }
  });
  const { cpu, foreignCpu } = await usage();
  await closeAll(clients);
  latencies.sort((a, b) => a - b);
  return {
    terminals: count,
    p50Milliseconds: rounded(percentile(latencies, 0.5)),
    p99Milliseconds: rounded(percentile(latencies, 0.99)),
    cpuMicroseconds: rounded(cpu.all / latencies.length),
    foreignCpu,
  };
}

export interface Bulk {
  terminals: number;
  megabytesPerSecond: number;
  cpuSecondsPerGiB: number;
  foreignCpu: number;
}

/** Output of pods in frames of 16 KiB, as fast as it goes: this many MiB in all. */
export async function measureBulk(
  gateway: Gateway,
  around: Surroundings,
  terminals: Terminals,
  count: number,
  mebibytes: number,
): Promise<Bulk> {
  const frames = (mebibytes * 2 ** 20) / floodFrameBytes / count;
  const clients = await openAndEcho(terminals, gateway, around, count);
  const usage = await watchUsage(terminals);
  await Promise.all(
    clients.map(async (client) => {
      client.send(Buffer.from(`${String.fromCharCode(commands.flood)}${frames}`));
      await client.receive(frames * floodFrameBytes);
    }),
  );
  const { seconds, cpu, foreignCpu } = await usage();
  await closeAll(clients);
  return {
    terminals: count,
    megabytesPerSecond: Math.round((mebibytes * 2 ** 20) / 1e6 / seconds),
    cpuSecondsPerGiB: rounded(cpu.all / 1e6 / (mebibytes / 1024)),
    foreignCpu,
  };
}

/** From now until it is asked: time passed, CPU of the gateway, and the share of a core that nothing of this run used. */
async function watchUsage({ peer }: Terminals) {
  const pids = await peer.pids();
  const read = async () => ({
    gateway: await cpuTime(pids),
    run: (await cpuTime(await processTree(process.pid))).all,
    busy: await busyTime(),
    at: performance.now(),
  });
  const before = await read();
  return async () => {
    const after = await read();
    const microseconds = (after.at - before.at) * 1000;
    const foreign = after.busy - before.busy - (after.run - before.run);
    return {
      seconds: microseconds / 1e6,
      cpu: { all: after.gateway.all - before.gateway.all, main: after.gateway.main - before.gateway.main },
      foreignCpu: rounded(Math.max(0, foreign / microseconds)),
    };
  };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

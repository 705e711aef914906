// Writes the tables of docs/gateway-performance.md from the results that are committed. `node report.ts`
import { join } from "node:path";
import { table, writeSections } from "../sections.ts";
import { type Capacity, capacityFor } from "./capacity.ts";
import { gateways } from "./gateways.ts";
import type { Memory } from "./scenarios.ts";
import { medianOf, type MemoryRow, readResults, type Speed, type SpeedRow } from "./results.ts";

const page = join(import.meta.dirname, "../../../../docs/gateway-performance.md");
const product = "cliscale";
const populations = [10_000, 100_000, 1_000_000];

export async function writeReport(): Promise<void> {
  const memory = await readResults<MemoryRow>("gatewayMemory");
  const speed = await readResults<SpeedRow>("gatewaySpeed");
  const { cores, processor, memoryGiB, kernel, node } = speed.machine;
  await writeSections(page, {
    machine: `Machine: ${cores} cores (${processor}), ${memoryGiB} GiB, Linux ${kernel}, Node ${node}.`,
    memory: memoryTable(memory.rows),
    attach: attachTable(speed.rows),
    traffic: trafficTable(speed.rows),
    capacity: capacityTable(memory.rows, speed.rows),
  });
}

function memoryTable(rows: readonly MemoryRow[]): string {
  const of = (gateway: string, value: (row: Memory) => number | undefined) => medianOf<Memory>(rows, gateway, value);
  return table(
    ["gateway", "empty, MiB", "B a pair at 1,000", "at 5,000", "at 9,500", "of haproxy's"],
    gateways.map(({ name }) => [
      name,
      (of(name, ({ baseBytes }) => baseBytes) / 2 ** 20).toFixed(0),
      ...[1_000, 5_000, 9_500].map((pairs) => grouped(of(name, level(pairs)))),
      (of(name, level(9_500)) / of("haproxy", level(9_500))).toFixed(2),
    ]),
  );
}

function attachTable(rows: readonly SpeedRow[]): string {
  const of = (gateway: string, value: (row: Speed) => number) => medianOf<Speed>(rows, gateway, value);
  return table(
    ["gateway", "attaches/s", "p50 ms", "p99 ms", "CPU µs an attach", "of nginx's", "of it on the main thread"],
    gateways.map(({ name }) => {
      const cpu = of(name, ({ attach }) => attach.cpuMicroseconds);
      return [
        name,
        grouped(of(name, ({ attach }) => attach.attachesPerSecond)),
        of(name, ({ attach }) => attach.p50Milliseconds).toFixed(1),
        of(name, ({ attach }) => attach.p99Milliseconds).toFixed(1),
        grouped(cpu),
        (cpu / of("nginx", ({ attach }) => attach.cpuMicroseconds)).toFixed(2),
        of(name, ({ attach }) => attach.mainThreadMicroseconds / attach.cpuMicroseconds).toFixed(2),
      ];
    }),
  );
}

function trafficTable(rows: readonly SpeedRow[]): string {
  const of = (gateway: string, value: (row: Speed) => number | undefined) => medianOf<Speed>(rows, gateway, value);
  return table(
    ["gateway", "echo, 100: p50 / p99 ms", "1,000: p50 / p99 ms", "µs an echo", "MB/s, 1 / 16", "CPU s a GiB, 1 / 16"],
    gateways.map(({ name }) => [
      name,
      ...[0, 1].map(
        (index) =>
          `${of(name, ({ echo }) => echo[index]?.p50Milliseconds).toFixed(2)} / ${of(name, ({ echo }) => echo[index]?.p99Milliseconds).toFixed(1)}`,
      ),
      of(name, ({ echo }) => echo[1]?.cpuMicroseconds).toFixed(0),
      [0, 1].map((index) => grouped(of(name, ({ bulk }) => bulk[index]?.megabytesPerSecond))).join(" / "),
      [0, 1].map((index) => of(name, ({ bulk }) => bulk[index]?.cpuSecondsPerGiB).toFixed(2)).join(" / "),
    ]),
  );
}

function capacityTable(memory: readonly MemoryRow[], speed: readonly SpeedRow[]): string {
  const figures = {
    baseBytes: medianOf<Memory>(memory, product, ({ baseBytes }) => baseBytes),
    bytesPerPair: medianOf<Memory>(memory, product, (row) => largest(row)?.bytesPerPair),
    kernelBytesPerPair: medianOf<Memory>(memory, "haproxy", (row) => largest(row)?.kernelBytesPerPair),
    attachMicroseconds: medianOf<Speed>(speed, product, ({ attach }) => attach.cpuMicroseconds),
    databaseAttachesPerSecond: medianOf<Speed>(speed, product, ({ attach }) => attach.attachesPerSecond),
  };
  return table(
    [
      "sockets",
      "pods",
      "resident, GiB",
      "kernel, GiB",
      "database connections",
      "sessions asked about a second",
      "one pod lost, s",
      "all at once, s",
    ],
    populations.map((sockets) => {
      const capacity = capacityFor(sockets, figures);
      return [
        grouped(sockets),
        String(capacity.pods),
        capacity.residentGiB.toFixed(1),
        capacity.kernelGiB.toFixed(1),
        String(capacity.databaseConnections),
        grouped(capacity.watchedPerSecond),
        seconds(capacity.lossSeconds),
        seconds(capacity.stormSeconds),
      ];
    }),
  );
}

const level = (pairs: number) => (row: Memory) => row.levels.find((one) => one.pairs === pairs)?.bytesPerPair;

const largest = ({ levels }: Memory) => levels.at(-1);

function seconds({ gateways: cpu, database }: Capacity["stormSeconds"]): string {
  return `${cpu.toFixed(1)} / ${database.toFixed(database < 10 ? 1 : 0)}`;
}

function grouped(value: number): string {
  return Math.round(value).toLocaleString("en");
}

if (import.meta.main) await writeReport();

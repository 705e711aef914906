import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { median } from "./measure.ts";
import type { AttachRate, Bulk, Echo, Memory } from "./scenarios.ts";

export type MemoryRow = { gateway: string; round: number } & (Memory | { failed: string });
export interface Speed {
  attach: AttachRate;
  echo: Echo[];
  bulk: Bulk[];
}
export type SpeedRow = { gateway: string; round: number } & (Speed | { failed: string });

interface Results<Row> {
  machine: { cores: number; processor: string | undefined; memoryGiB: number; kernel: string; node: string };
  rows: Row[];
}

const folder = join(import.meta.dirname, "../../results");

export async function saveResults(name: string, rows: object[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  const kernel = (await readFile("/proc/version", "utf8")).split(" ")[2];
  const machine = {
    cores: cpus().length,
    processor: cpus()[0]?.model,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel,
    node: process.version,
  };
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify({ scenario: name, machine, rows }, null, 2)}\n`);
}

export async function readResults<Row>(name: string): Promise<Results<Row>> {
  return JSON.parse(await readFile(join(folder, `${name}.json`), "utf8")) as Results<Row>;
}

/** The median over a gateway's rounds that did not fail; NaN where there is none. */
export function medianOf<Measured extends object>(
  rows: readonly ({ gateway: string } & (Measured | { failed: string }))[],
  gateway: string,
  value: (row: Measured) => number | undefined,
): number {
  const values = rows
    .filter((row) => row.gateway === gateway && !("failed" in row))
    .map((row) => value(row as Measured))
    .filter((one) => one !== undefined);
  return values.length === 0 ? Number.NaN : median(values);
}

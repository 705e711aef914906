import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";

/** What figures come from; a load above the number of cores says that the machine did other work at the same time. */
export function machine() {
  return {
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    load: round(loadavg()[0]!),
  };
}

const folder = join(import.meta.dirname, "../results");

/** Keeps a result as `results/NAME.json` and prints it. */
export async function keepResult(name: string, result: object): Promise<void> {
  const text = `${JSON.stringify(result, null, 2)}\n`;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.json`), text);
  process.stdout.write(text);
}

/** The result that is kept; undefined where there is none. */
export async function readResult<Result>(name: string): Promise<Result | undefined> {
  const text = await readFile(join(folder, `${name}.json`), "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Result);
}

/** The value that so many of the others, as a fraction, are not above. */
export function percentile(values: readonly number[], fraction: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.ceil(fraction * sorted.length) - 1)]!;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** To three significant digits. */
export function round(value: number): number {
  return Number(value.toPrecision(3));
}

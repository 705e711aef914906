// Writes the tables of docs/page-performance.md from the results that are committed. `node report.ts`
import { join } from "node:path";
import { type machine, readResult } from "../results.ts";
import { table, writeSections } from "../sections.ts";
import type { Flood, measureFlood } from "./flood.ts";
import type { KeyTimes, measureGlyph } from "./glyph.ts";
import type { measureStart } from "./start.ts";
import type { Transfer, Transfers } from "./transfer.ts";

type Measured<Result> = Result & { machine: ReturnType<typeof machine> };

/** Each part that has been measured, with the machine as it was then. */
export interface PageResult {
  browser: string;
  transfer?: Measured<Transfers>;
  start?: Measured<Awaited<ReturnType<typeof measureStart>>>;
  glyph?: Measured<Awaited<ReturnType<typeof measureGlyph>>>;
  flood?: Measured<Awaited<ReturnType<typeof measureFlood>>>;
}

const page = join(import.meta.dirname, "../../../../docs/page-performance.md");

export async function writeReport(): Promise<void> {
  const result = await readResult<PageResult>("page");
  if (!result) throw new Error("there is no results/page.json: run `npm run bench -- page`");
  const { transfer, start, glyph, flood } = result;
  await writeSections(page, {
    machine: machineSentence(result),
    ...(transfer && { transfer: transferTable(transfer) }),
    ...(start && { start: startTable(start) }),
    ...(glyph && { glyph: glyphTable(glyph) }),
    ...(flood && { flood: floodTable(flood) }),
  });
}

function machineSentence({ browser, transfer, start, glyph, flood }: PageResult): string {
  const machines = Object.entries({ transfer, start, glyph, flood }).flatMap(([part, measured]) =>
    measured ? [{ part, ...measured.machine }] : [],
  );
  const { cores, memoryGiB, node } = machines[0]!;
  const loads = machines.map(({ part, load }) => `${load} (${part})`).join(", ");
  return `Machine: ${cores} cores, ${memoryGiB} GiB, Node ${node}, Chromium ${browser} without a GPU. Its load before each part: ${loads}.`;
}

function transferTable({ signedOut, terminal, files }: Transfers): string {
  return [
    table(
      ["until", "the page's own files", "kB", "all requests", "kB"],
      [transferRow("the sign-in form", signedOut), transferRow("the first prompt", terminal)],
    ),
    table(
      ["largest files", "kB"],
      files.map(({ name, bytes }) => [`\`${withoutHash(name)}\``, kilobytes(bytes)]),
    ),
  ].join("\n\n");
}

function transferRow(until: string, { requests, bytes, pageRequests, pageBytes }: Transfer): string[] {
  return [until, String(pageRequests), kilobytes(pageBytes), String(requests), kilobytes(bytes)];
}

function startTable({ whole, stages }: NonNullable<PageResult["start"]>): string {
  return table(
    ["from, to", "whose time", "p50 ms", "p95 ms"],
    [
      ...stages.map((stage) => [stage.name, stage.of, ...percentiles(stage)]),
      ["click to prompt", "", ...percentiles(whole)],
    ],
  );
}

function glyphTable({ product, bare, glyphOfBare }: NonNullable<PageResult["glyph"]>): string {
  const { keys } = product;
  return table(
    [`${keys} keys each`, "key to echo, p50 ms", "p95 ms", "key to glyph, p50 ms", "p95 ms", "of the bare one's"],
    [
      ["cliscale", ...percentiles(product.toEcho), ...percentiles(product.toGlyph), glyphOfBare.toFixed(2)],
      ["bare xterm.js", ...percentiles(bare.toEcho), ...percentiles(bare.toGlyph), "1.00"],
    ],
  );
}

function percentiles({ p50Milliseconds, p95Milliseconds }: KeyTimes["toEcho"]): string[] {
  return [milliseconds(p50Milliseconds), milliseconds(p95Milliseconds)];
}

/** What is measured is down the side here, since it is more than there are pages. */
function floodTable({ bytes, rounds, product, bare }: NonNullable<PageResult["flood"]>): string {
  const rows: [name: string, value: (flood: Flood) => string][] = [
    ["until the end is on the screen, s", ({ seconds }) => seconds.toFixed(1)],
    ["MB/s", ({ seconds }) => (bytes / 1e6 / seconds).toFixed(1)],
    ["longest gap between two frames, ms", ({ longestGapMilliseconds }) => milliseconds(longestGapMilliseconds)],
    ["gaps over 100 ms", ({ gapsOver100Milliseconds }) => String(gapsOver100Milliseconds)],
    ["frames a second", ({ frames, seconds }) => (frames / seconds).toFixed(1)],
    ["longest task, ms", ({ longestTaskMilliseconds }) => milliseconds(longestTaskMilliseconds)],
    ["Ctrl+C to the program, ms", ({ interruptMilliseconds }) => milliseconds(interruptMilliseconds)],
  ];
  return table(
    [`medians of ${rounds}`, "cliscale", "bare xterm.js"],
    rows.map(([name, value]) => [name, value(product), value(bare)]),
  );
}

const kilobytes = (bytes: number) => (bytes / 1000).toFixed(1);
const milliseconds = (value: number) => (value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString("en"));
const withoutHash = (name: string) => name.replace(/-[\w-]{8}(\.\w+)$/, "$1");

if (import.meta.main) await writeReport();

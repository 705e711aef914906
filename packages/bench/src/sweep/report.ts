// Writes the tables of docs/sweep-performance.md from the results that are committed. `node report.ts`
import { join } from "node:path";
import { readResults } from "../gateway/results.ts";
import { table, writeSections } from "../sections.ts";
import type { SweepRow } from "./main.ts";

const page = join(import.meta.dirname, "../../../../docs/sweep-performance.md");

export async function writeReport(): Promise<void> {
  const { machine, rows } = await readResults<SweepRow>("sweep");
  const { cores, processor, memoryGiB, kernel, node } = machine;
  await writeSections(page, {
    machine: `Machine: ${cores} cores (${processor}), ${memoryGiB} GiB, Linux ${kernel}, Node ${node}.`,
    statements: statementTable(rows),
    plans: planTable(rows),
  });
}

const unique = <T>(values: T[]) => [...new Set(values)];

function statementTable(rows: readonly SweepRow[]): string {
  const sizes = unique(rows.map((row) => row.rows));
  const dues = unique(rows.map((row) => row.due));
  const columns = dues.flatMap((due) => sizes.map((size) => ({ due, size })));
  const head = ["pages / ms", ...columns.map(({ due, size }) => `${grouped(size)} rows, ${due} due`)];
  const names = unique(rows.map(({ statement }) => statement));
  const body = names.map((name) => [
    name,
    ...columns.map(({ due, size }) => {
      const row = rows.find((each) => each.statement === name && each.due === due && each.rows === size);
      return row ? `${grouped(row.pages)} / ${row.milliseconds.toFixed(2)}` : "";
    }),
  ]);
  const sums = columns.map(({ due, size }) => {
    const all = rows.filter((each) => each.due === due && each.rows === size);
    const pages = all.reduce((sum, row) => sum + row.pages, 0);
    const milliseconds = all.reduce((sum, row) => sum + row.milliseconds, 0);
    return `${grouped(pages)} / ${milliseconds.toFixed(2)}`;
  });
  return table(head, [...body, ["all", ...sums]]);
}

function planTable(rows: readonly SweepRow[]): string {
  const largest = Math.max(...rows.map((row) => row.rows));
  const most = Math.max(...rows.map((row) => row.due));
  const shown = rows.filter((row) => row.rows === largest && row.due === most);
  return table(
    ["statement", "scans, with the rows that each found"],
    shown.map(({ statement, plan }) => [statement, plan.map((scan) => `\`${scan}\``).join("<br>")]),
  );
}

function grouped(value: number): string {
  return Math.round(value).toLocaleString("en");
}

if (import.meta.main) await writeReport();

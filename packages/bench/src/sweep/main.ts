// What a sweep costs PostgreSQL by how many rows there are, where there is nothing to do and where there is: `npm run bench -- sweep`
import { createPool } from "@cliscale/db";
import { startTestDatabase } from "@cliscale/local/testing";
import type { Pool } from "pg";
import { handleSweep } from "../../../../functions/src/sweepSessions.ts";
import { median } from "../gateway/measure.ts";
import { saveResults } from "../gateway/results.ts";
import { fill, liveIds, makeDue } from "./rows.ts";
import { explain, type Recorded, recordingPool } from "./statements.ts";
import { writeReport } from "./report.ts";
import { sweepDeps } from "./deps.ts";

export interface SweepRow {
  /** Rows of `sessions`, and ten times the tokens. */
  rows: number;
  /** How many sessions of each kind a sweep had to do something about. */
  due: number;
  statement: string;
  /** Of a sweep. */
  calls: number;
  milliseconds: number;
  /** Pages of 8 KiB that the statement looked at, whether in memory or not. */
  pages: number;
  plan: string[];
}

const sizes = [1_000, 100_000, 1_000_000];
const dues = [0, 100];
const rounds = 7;

const database = await startTestDatabase();
const pool = createPool({ connectionString: database.url, applicationName: "bench", max: 4, onError: () => undefined });
const results: SweepRow[] = [];
try {
  for (const size of sizes) {
    process.stderr.write(`filling in ${size} rows\n`);
    await fill(database.url, size);
    for (const due of dues) results.push(...(await measure(size, due)));
  }
  await saveResults("sweep", results);
  await writeReport();
} finally {
  await pool.end();
  await database.remove();
}

async function measure(rows: number, due: number): Promise<SweepRow[]> {
  const recordings: Recorded[][] = [];
  const plans = new Map<string, Awaited<ReturnType<typeof explain>>>();
  for (let round = 0; round < rounds; round += 1) {
    await makeDue(pool, due);
    if (round === 0) for (const each of await statements(pool)) plans.set(each.name, await explain(pool, each));
    recordings.push(await statements(pool, true));
  }
  return [...plans].map(([statement, plan]) => {
    const perSweep = recordings.map((recorded) => recorded.filter(({ name }) => name === statement));
    const total = perSweep.map((calls) => calls.reduce((sum, { milliseconds }) => sum + milliseconds, 0));
    return {
      rows,
      due,
      statement,
      calls: median(perSweep.map((calls) => calls.length)),
      milliseconds: Number(median(total).toFixed(2)),
      ...plan,
    };
  });
}

/** The statements of a sweep. Unless it is said to be for good, everything is as it was afterwards. */
async function statements(target: Pool, forGood = false): Promise<Recorded[]> {
  const recorded: Recorded[] = [];
  const client = await target.connect();
  try {
    if (!forGood) await client.query("begin");
    const { failed } = await handleSweep(sweepDeps(recordingPool(client, recorded), await liveIds(target)));
    if (failed.length > 0) throw new Error(`the sweep failed in ${failed.join(", ")}`);
    return recorded;
  } finally {
    if (!forGood) await client.query("rollback");
    client.release();
  }
}

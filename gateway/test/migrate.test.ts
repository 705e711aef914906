import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { findFreePort } from "@cliscale/local/ports";
import { startEmptyDatabase, type TestDatabase } from "@cliscale/local/testing";
import { Client } from "pg";

const program = join(import.meta.dirname, "../src/image.ts");
let database: TestDatabase;

before(async () => {
  database = await startEmptyDatabase();
});
after(() => database.remove());

interface Line {
  severity: string;
  message: string;
  migrations?: string[];
}

/** Runs the image as the chart's Job does; resolves to its exit code and what it logged. */
function run(env: Record<string, string>, ...args: string[]): Promise<{ code: number; lines: Line[] }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, "migrate", ...args], { env }, (error, _stdout, stderr) => {
      const lines = stderr
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Line);
      resolve({ code: error ? Number(error.code) : 0, lines });
    });
  });
}

async function query(text: string): Promise<void> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query(text);
  await client.end();
}

suite("The image with the argument `migrate`", () => {
  test("says what is wrong with its environment and arguments, and not what is in it", async () => {
    const { code, lines } = await run({ CLISCALE_DATABASE_URL: "canary" });
    assert.equal(code, 1);
    assert.match(lines[0]!.message, /CLISCALE_DATABASE_URL: must be a URL/);
    assert.ok(!JSON.stringify(lines).includes("canary"));
    const other = await run({ CLISCALE_DATABASE_URL: database.url }, "sideways");
    assert.equal(other.code, 1);
    assert.match(other.lines[0]!.message, /sideways/);
  });

  test("tries a database that does not answer again, until its time is up, and says which it is", async () => {
    const url = `postgres://cliscale:s3cret@127.0.0.1:${await findFreePort()}/cliscale`;
    const { code, lines } = await run({ CLISCALE_DATABASE_URL: url, CLISCALE_MIGRATION_WAIT_SECONDS: "1" });
    assert.equal(code, 1);
    assert.ok(lines.length >= 2);
    assert.equal(lines[0]!.severity, "WARNING");
    assert.match(lines.at(-1)!.message, /nothing listens at the address of CLISCALE_DATABASE_URL/);
    assert.ok(!JSON.stringify(lines).includes("s3cret"));
  });

  test("fails with the database's own words, and changes nothing", async () => {
    await query("create table token_jti (nonsense integer)");
    const { code, lines } = await run({ CLISCALE_DATABASE_URL: database.url });
    assert.equal(code, 1);
    assert.equal(lines.length, 1);
    assert.match(lines[0]!.message, /the database was not migrated: .*"token_jti" already exists/s);
    await query("drop table token_jti");
  });

  test("migrates, then finds nothing to do, and undoes one migration at a time", async () => {
    const env = { CLISCALE_DATABASE_URL: database.url };
    const first = await run(env);
    assert.equal(first.code, 0);
    assert.ok(first.lines[0]!.migrations!.length > 0);
    const second = await run(env);
    assert.deepEqual([second.code, second.lines[0]!.migrations], [0, []]);
    const down = await run(env, "down");
    assert.deepEqual([down.code, down.lines[0]!.migrations?.length], [0, 1]);
    await query("select from sessions");
  });
});

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { migrate } from "@cliscale/db/migrate";
import { Client } from "pg";
import { type Postgres, startPostgres } from "../../src/postgres/server.ts";

let folder: string;
let port: number;
let postgres: Postgres;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "cliscale-postgres-"));
  const server = createServer().listen(0, "127.0.0.1");
  port = await new Promise<number>((resolve) =>
    server.on("listening", () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : 0);
      server.close();
    }),
  );
});

after(async () => {
  await postgres.stop();
  await rm(postgres.home, { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
});

async function query(text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

test("keeps its data, in a folder closed to others, over a stop and over a kill", async () => {
  postgres = await startPostgres({ folder: join(folder, "cluster"), port });
  assert.equal((await migrate(postgres.url))[0], "000001_sessions");
  await query("create table kept as select 1 as one");
  await postgres.stop();
  await postgres.stop();

  postgres = await startPostgres({ folder: join(folder, "cluster"), port });
  assert.deepEqual(await query("select * from kept"), [{ one: 1 }]);
  assert.deepEqual(await migrate(postgres.url), []);

  const [{ pid }] = (await query("select pg_backend_pid() as pid")) as [{ pid: number }];
  assert.ok(pid > 0);
  // A run that was killed leaves its server behind; the next one takes the cluster over.
  const successor = await startPostgres({ folder: join(folder, "cluster"), port });
  await postgres.ended;
  postgres = successor;
  assert.deepEqual(await query("select * from kept"), [{ one: 1 }]);
});

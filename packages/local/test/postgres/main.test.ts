import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Client } from "pg";
import { findFreePort } from "../../src/stack/ports.ts";

const program = join(import.meta.dirname, "../../src/postgres/main.ts");

for (const [how, end] of Object.entries({
  "SIGTERM, sent twice": (child: ReturnType<typeof fork>) => [child.kill("SIGTERM"), child.kill("SIGTERM")],
  "the end of the program that started it": (child: ReturnType<typeof fork>) => child.disconnect(),
})) {
  test(`it serves, and on ${how}, it stops with 0 and leaves nothing that listens`, async () => {
    const stateDir = await mkdtemp(join(tmpdir(), "cliscale-postgres-"));
    await chmod(stateDir, 0o755);
    const port = await findFreePort();
    const env = { ...process.env, CLISCALE_POSTGRES_PORT: String(port), CLISCALE_STATE_DIR: stateDir };
    const child = fork(program, { env, stdio: ["ignore", "ignore", "inherit", "ipc"] });
    const exited = once(child, "exit");
    const connect = () => {
      const client = new Client({ connectionString: `postgres://cliscale:cliscale@127.0.0.1:${port}/cliscale` });
      client.on("error", () => undefined);
      return client.connect().then(() => client);
    };
    try {
      await once(child, "message");
      const client = await connect();
      assert.deepEqual((await client.query("select 1 as one")).rows, [{ one: 1 }]);
      end(child);
      assert.deepEqual(await exited, [0, null]);
      await assert.rejects(connect(), { code: "ECONNREFUSED" });
    } finally {
      child.kill("SIGKILL");
      await rm(stateDir, { recursive: true, force: true });
    }
  });
}

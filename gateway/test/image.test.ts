import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { findFreePort } from "@cliscale/local/ports";
import { startTestDatabase, type TestDatabase } from "@cliscale/local/testing";
import { buildImage } from "@cliscale/toolchain/buildImages";
import { nodeOptions } from "../src/nodeOptions.ts";

let folder: string;
let program: string;
let database: TestDatabase;

before(async () => {
  // Where no node_modules is near, as in the image.
  folder = await mkdtemp(join(tmpdir(), "cliscale-image-"));
  await cp(await buildImage("gateway"), folder, { recursive: true });
  program = join(folder, "main.mjs");
  database = await startTestDatabase();
});

after(async () => {
  await database.remove();
  await rm(folder, { recursive: true, force: true });
});

suite("What the image of the gateway holds", () => {
  test("is started with the options that keep an idle terminal small", async () => {
    const dockerfile = await readFile(new URL("../Dockerfile", import.meta.url), "utf8");
    const entrypoint = /^ENTRYPOINT (.*)$/m.exec(dockerfile)![1]!;
    assert.deepEqual(JSON.parse(entrypoint), ["node", ...nodeOptions, "--enable-source-maps", "/app/main.mjs"]);
  });

  test("migrates", async () => {
    const env = { CLISCALE_DATABASE_URL: database.url };
    const { stderr } = await promisify(execFile)(process.execPath, [program, "migrate"], { cwd: folder, env });
    assert.equal(JSON.parse(stderr).message, "nothing to migrate");
  });

  test("serves, and ends with 0 when it is told to", async () => {
    const [port, adminPort] = [await findFreePort(), await findFreePort()];
    const child = spawn(process.execPath, [program], {
      cwd: folder,
      env: {
        CLISCALE_DATABASE_URL: database.url,
        CLISCALE_JWKS_URL: "http://127.0.0.1:1/jwks.json",
        CLISCALE_TOKEN_ISSUER: "test",
        CLISCALE_ALLOWED_ORIGINS: "https://example.com",
        CLISCALE_GATEWAY_PORT: String(port),
        CLISCALE_GATEWAY_ADMIN_PORT: String(adminPort),
        CLISCALE_DRAIN_SECONDS: "0",
      },
      stdio: "ignore",
    });
    const exited = once(child, "exit");
    try {
      await untilStatus(200, `http://127.0.0.1:${adminPort}/readyz`);
      await untilStatus(404, `http://127.0.0.1:${port}/elsewhere`);
    } finally {
      child.kill("SIGTERM");
    }
    assert.deepEqual(await exited, [0, null]);
  });
});

/** Waits until a page has this status; 15 s at most. */
async function untilStatus(status: number, url: string): Promise<void> {
  const end = performance.now() + 30_000;
  for (;;) {
    const found = await fetch(url).then(
      (answer) => answer.status,
      (error: Error) => error.message,
    );
    if (found === status) return;
    assert.ok(performance.now() < end, `${url} is ${found}`);
    await delay(100);
  }
}

import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { root } from "@cliscale/local/settings";
import { buildImage } from "@cliscale/toolchain/buildImages";
import { attach } from "./support/client.ts";
import { startRunner } from "./support/runner.ts";

test("what the image holds is enough to draw the screen for a client that has missed much", async (t) => {
  // Where no node_modules is near, as in the image.
  const folder = await mkdtemp(join(tmpdir(), "cliscale-image-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await cp(await buildImage("runner"), folder, { recursive: true });
  const dockerfile = await readFile(new URL("../Dockerfile", import.meta.url), "utf8");
  for (const [, copied] of dockerfile.matchAll(/^COPY --from=build \/src\/(node_modules\/\S+)/gm)) {
    await mkdir(dirname(join(folder, copied!)), { recursive: true });
    await symlink(join(root, copied!), join(folder, copied!));
  }
  const runner = await startRunner(t, { command: "seq 20000; cat", main: join(folder, "main.mjs") });
  const first = await attach(t, runner);
  await first.until(() => first.tail().includes("20000\r\n"));
  const second = await attach(t, runner);
  await second.until(() => second.tail().includes("20000\r\n"));
  assert.equal(second.positions()[0]?.snapshot, true);
});

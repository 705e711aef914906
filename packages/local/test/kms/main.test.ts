import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { KeyManagementServiceClient } from "@google-cloud/kms";
import { credentials } from "@grpc/grpc-js";
import { refuses } from "../../contract/support/contract.ts";
import { attachKeyName } from "../../src/kms/defaultKey.ts";

const program = new URL("../../src/kms/main.ts", import.meta.url).pathname;

test("serves, takes faults from its parent, and stops at a signal, leaving nothing", { timeout: 120_000 }, async () => {
  const stateDir = await mkdtemp(join(tmpdir(), "cliscale-kms-"));
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, CLISCALE_STATE_DIR: stateDir, CLISCALE_KMS_PORT: "0" },
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const exited = once(child, "exit");
  const [{ ready, port }] = await once(child, "message");
  assert.equal(ready, true);

  process.env["METADATA_SERVER_DETECTION"] = "none";
  const sslCreds = credentials.createInsecure();
  const client = new KeyManagementServiceClient({ apiEndpoint: "127.0.0.1", port, sslCreds });
  assert.equal((await client.getCryptoKey({ name: attachKeyName }))[0].name, attachKeyName);

  const fault = { method: "GetCryptoKey", error: { code: "PERMISSION_DENIED" } };
  child.send({ inject: fault });
  assert.deepEqual(await once(child, "message").then(([answer]) => answer), { injected: fault });
  await refuses(client.getCryptoKey({ name: attachKeyName }), "PERMISSION_DENIED");
  child.send({ inject: { method: "None" } });
  assert.match((await once(child, "message"))[0].refused, /this is not a fault/);

  child.kill("SIGTERM");
  child.kill("SIGTERM");
  assert.deepEqual(await exited, [0, null]);
  await client.close();
  const left = ["functions.token", "operator.token", "rotation.token", "state.json"];
  assert.deepEqual((await readdir(join(stateDir, "kms"))).toSorted(), left);
  await rm(stateDir, { recursive: true });
});

test("says which settings are wrong", { timeout: 20_000 }, async () => {
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, CLISCALE_STATE_DIR: "relative", CLISCALE_KMS_PORT: "many" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const [code] = await once(child, "exit");
  assert.equal(code, 1);
  assert.match(said, /CLISCALE_STATE_DIR/);
  assert.match(said, /CLISCALE_KMS_PORT/);
});

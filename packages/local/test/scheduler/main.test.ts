import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CloudSchedulerClient } from "@google-cloud/scheduler";
import { credentials } from "@grpc/grpc-js";
import { startTarget } from "../../contract/scheduler/target.ts";
import { refuses } from "../../contract/support/contract.ts";

const program = new URL("../../src/scheduler/main.ts", import.meta.url).pathname;
const parent = "projects/demo-cliscale/locations/us-central1";

test(
  "runs scheduled functions, takes faults, and stops at a signal, leaving nothing",
  { timeout: 120_000 },
  async () => {
    const stateDir = await mkdtemp(join(tmpdir(), "cliscale-scheduler-"));
    const functionsEmulator = await startTarget();
    const child = spawn(process.execPath, [program], {
      env: {
        ...process.env,
        CLISCALE_STATE_DIR: stateDir,
        CLISCALE_SCHEDULER_PORT: "0",
        CLISCALE_FUNCTIONS_PORT: new URL(functionsEmulator.url).port,
      },
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    const exited = once(child, "exit");
    const [{ ready, port }] = await once(child, "message");
    assert.equal(ready, true);

    process.env["METADATA_SERVER_DETECTION"] = "none";
    const sslCreds = credentials.createInsecure();
    const client = new CloudSchedulerClient({ apiEndpoint: "127.0.0.1", port, sslCreds });
    const [jobs] = await client.listJobs({ parent });
    assert.deepEqual(
      jobs.map(({ name, schedule }) => [name, schedule]),
      [
        [`${parent}/jobs/firebase-schedule-rotateSigningKey-us-central1`, "0 3 * * *"],
        [`${parent}/jobs/firebase-schedule-sweepSessions-us-central1`, "* * * * *"],
      ],
    );
    await client.runJob({ name: jobs[0]!.name! });
    const request = await functionsEmulator.next("/demo-cliscale/us-central1/rotateSigningKey-0");
    assert.equal(request.headers["x-cloudscheduler-jobname"], "firebase-schedule-rotateSigningKey-us-central1");

    const fault = { method: "ListJobs", error: { code: "UNAUTHENTICATED" } };
    child.send({ inject: fault });
    assert.deepEqual(await once(child, "message").then(([answer]) => answer), { injected: fault });
    await refuses(client.listJobs({ parent }), "UNAUTHENTICATED");

    // The request still waits for its answer.
    child.kill("SIGTERM");
    child.kill("SIGTERM");
    assert.deepEqual(await exited, [0, null]);
    await client.close();
    await functionsEmulator.close();
    assert.deepEqual(await readdir(join(stateDir, "scheduler")), ["state.json"]);
    await rm(stateDir, { recursive: true });
  },
);

test("says which settings are wrong", { timeout: 20_000 }, async () => {
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, CLISCALE_STATE_DIR: "relative", CLISCALE_SCHEDULED_FUNCTIONS: "sweepSessions" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const [code] = await once(child, "exit");
  assert.equal(code, 1);
  assert.match(said, /CLISCALE_STATE_DIR/);
  assert.match(said, /CLISCALE_SCHEDULED_FUNCTIONS: must be JSON/);
});

import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { createPool } from "@cliscale/db";
import { startTestDatabase, type TestDatabase } from "@cliscale/local/testing";
import type { Pool } from "pg";
import { budgets, connectionsNeeded, type FunctionName, poolSize, requireConnections } from "../src/budgets.ts";
import { requireRoom } from "../src/deps.ts";
import { networkOptions } from "../src/network.ts";
import { loadFunctions } from "./support/loadFunctions.ts";

/** What `firebase deploy` reads of a function. */
interface Endpoint {
  timeoutSeconds: number;
  maxInstances: number;
  concurrency: number;
}

suite("The budgets", () => {
  test("are those that `firebase deploy` gives to each function", async () => {
    const functions = (await import("../src/index.ts")) as Record<string, { __endpoint: Endpoint }>;
    assert.deepEqual(Object.keys(functions).toSorted(), Object.keys(budgets).toSorted());
    for (const [name, { connections: _, ...limits }] of Object.entries(budgets)) {
      // oxlint-disable-next-line no-underscore-dangle -- the package's name for it
      const { timeoutSeconds, maxInstances, concurrency } = functions[name]!.__endpoint;
      assert.deepEqual({ timeoutSeconds, maxInstances, concurrency }, limits, name);
    }
  });

  test("are the pools of the instances", () => {
    for (const [name, { connections }] of Object.entries(budgets)) {
      assert.equal(poolSize({ FUNCTION_TARGET: name }), Math.max(1, connections), name);
    }
    assert.equal(poolSize({}), budgets.createSession.connections);
  });

  test("and the gateways' pools have to fit into the database", () => {
    const needed = connectionsNeeded(10);
    assert.equal(connectionsNeeded(11) - needed, 4);
    const functions = Object.keys(budgets) as FunctionName[];
    const sum = functions.reduce((total, name) => total + budgets[name].maxInstances * budgets[name].connections, 0);
    assert.ok(needed > sum + 40);
    requireConnections(needed, 10);
    assert.throws(() => requireConnections(needed - 1, 10), {
      name: "EnvironmentError",
      message: new RegExp(`may open ${needed} connections, and the database has ${needed - 1}.*CLISCALE_GATEWAYS_MAX`),
    });
  });

  test("that do not fit keep an instance from starting where the limit is set", async () => {
    const env = {
      CLISCALE_DATABASE_URL: "postgres://127.0.0.1/cliscale",
      CLISCALE_SIGNING_KEY: "projects/p/locations/us-central1/keyRings/cliscale/cryptoKeys/attach",
      CLISCALE_KUBERNETES_ENDPOINT: "https://gke.example.com",
      CLISCALE_RUNNER_IMAGE: "runner@sha256:00",
      CLISCALE_GATEWAY_URL: "wss://gateway.example.com",
      CLISCALE_TOKEN_ISSUER: "https://cliscale.example.com",
      CLISCALE_ALLOWED_ORIGINS: "https://a.example.com",
      FUNCTION_TARGET: "createSession",
    };
    await loadFunctions({ ...env, CLISCALE_DATABASE_CONNECTIONS: String(connectionsNeeded(10)) });
    const tooFew = { CLISCALE_DATABASE_CONNECTIONS: String(connectionsNeeded(10)), CLISCALE_GATEWAYS_MAX: "11" };
    await assert.rejects(loadFunctions({ ...env, ...tooFew }), /11 gateways may open \d+ connections/);
  });
});

suite("The database's own limit", () => {
  let database: TestDatabase;
  let pool: Pool;
  before(async () => {
    database = await startTestDatabase();
    pool = createPool({ connectionString: database.url, applicationName: "test", max: 1, onError: () => undefined });
  });
  after(async () => {
    await pool.end();
    await database.remove();
  });

  test("is asked for where none is set", async () => {
    const { rows } = await pool.query<{ max_connections: string }>("show max_connections");
    assert.equal(rows[0]!.max_connections, "100");
    await requireRoom(pool, { gatewaysMax: 1 });
    await assert.rejects(requireRoom(pool, { gatewaysMax: 25 }), /the database has 97/);
  });

  test("keeps nobody from starting where the database does not answer", async () => {
    const closed = createPool({
      connectionString: database.url,
      applicationName: "test",
      max: 1,
      onError: () => undefined,
    });
    await closed.end();
    await requireRoom(closed, { gatewaysMax: 1000 });
  });
});

suite("Direct VPC egress", () => {
  let folder: string;
  const listing = { FUNCTIONS_CONTROL_API: "true", GCLOUD_PROJECT: "my-project" };
  const put = (file: string, text: string) => writeFile(join(folder, file), text);
  before(async () => {
    folder = join(await mkdtemp(join(tmpdir(), "cliscale-network-")), "env");
  });
  after(() => rm(join(folder, ".."), { recursive: true }));

  test("is given to the functions that use the database, and to no others", async () => {
    const dist = join(folder, "../dist");
    await Promise.all([mkdir(folder), mkdir(dist)]);
    await put(".env.my-project", "CLISCALE_VPC_NETWORK=vpc\n");
    const { stdout } = await loadFunctions(listing, dist);
    const networks = JSON.parse(stdout.split("\n")[0]!) as Record<string, unknown>;
    const vpc = { egressSettings: "PRIVATE_RANGES_ONLY", networkInterfaces: [{ network: "vpc" }] };
    const expected = Object.entries(budgets).map(([name, { connections }]) => [name, connections > 0 ? vpc : null]);
    assert.deepEqual(networks, Object.fromEntries(expected));
    await rm(folder, { recursive: true });
  });

  test("is set where a network is configured, and nothing otherwise", async () => {
    assert.deepEqual(networkOptions(listing, folder), {});
    await mkdir(folder);
    await put(".env", "CLISCALE_VPC_NETWORK=\nCLISCALE_GATEWAYS_MAX=2\n");
    await put(".env.other", "CLISCALE_VPC_NETWORK=other\n");
    assert.deepEqual(networkOptions(listing, folder), {});
    await put(".env.my-project", 'CLISCALE_VPC_NETWORK=vpc\nCLISCALE_VPC_SUBNETWORK="functions"\n');
    assert.deepEqual(networkOptions(listing, folder), {
      networkInterface: { network: "vpc", subnetwork: "functions" },
      vpcEgress: "PRIVATE_RANGES_ONLY",
    });
    assert.deepEqual(networkOptions({ ...listing, GCLOUD_PROJECT: "third" }, folder), {});
    assert.deepEqual(networkOptions({ GCLOUD_PROJECT: "my-project" }, folder), {}, "an instance has its network");
  });
});

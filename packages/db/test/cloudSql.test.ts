// Production's way to the database: Cloud SQL's connector with IAM login, against a stand-in of its Admin API and of an instance.
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { startTestCloudSql, type TestCloudSql } from "@cliscale/local/testing/cloudSql";
import { OAuth2Client } from "google-auth-library";
import { Client, type Pool } from "pg";
import { migrate } from "../src/migrate.ts";
import { createPool } from "../src/pool.ts";

const host = "127.83.0.1";
let cloudSql: TestCloudSql;
const pools: Pool[] = [];

before(async () => {
  cloudSql = await startTestCloudSql(host);
});
after(async () => {
  await Promise.all(pools.map((pool) => pool.end()));
  await cloudSql.remove();
});

/** Who bears this access token, whoever else is found in the surroundings. */
function bearer(token: string): OAuth2Client {
  const client = new OAuth2Client();
  client.setCredentials({ access_token: token, expiry_date: Date.now() + 3_600_000 });
  return client;
}

const instanceAs = (token: string) => ({
  name: cloudSql.instance,
  ipType: "private" as const,
  adminEndpoint: cloudSql.admin.url,
  authClient: bearer(token),
});

function open(connectionString: string, token: string): Pool {
  const cloud = instanceAs(token);
  const pool = createPool({ connectionString, cloudSql: cloud, applicationName: "test", max: 4, onError() {} });
  pools.push(pool);
  return pool;
}

test("each part logs in as its service account, without a password, with the rights of its role", async () => {
  for (const part of ["functions", "gateway"] as const) {
    const pool = open(cloudSql.urlOf(part), cloudSql.tokenOf(part));
    const { rows } = await pool.query<{ user: string; port: number }>(
      `select session_user::text as user, pg_has_role('cliscale_${part}', 'usage') as "isMember"`,
    );
    assert.deepEqual(rows, [{ user: `${part}@test-project.iam`, isMember: true }]);
    // Connections of a pool share the instance's certificate.
    const { length } = cloudSql.admin.requests;
    await Promise.all(Array.from({ length: 4 }, () => pool.query("select pg_sleep(0.05)")));
    assert.equal(cloudSql.admin.requests.length, length);
  }
});

test("migrations run over it", async () => {
  const url = cloudSql.urlOf("migration");
  const instance = instanceAs(cloudSql.tokenOf("migration"));
  assert.deepEqual(await migrate(url, "latest", instance), []);
  const undone = await migrate(url, "down", instance);
  assert.ok(undone.length > 0);
  assert.deepEqual(await migrate(url, "latest", instance), undone);
});

suite("nobody is let in", () => {
  test("under another's name", async () => {
    const pool = open(cloudSql.urlOf("functions"), cloudSql.tokenOf("gateway"));
    await assert.rejects(pool.query("select 1"), /IAM user authentication failed/);
  });

  test("without the permission to connect", async () => {
    const pool = open(cloudSql.urlOf("functions"), "somebody");
    await assert.rejects(pool.query("select 1"), /cloudsql.instances.connect/);
  });

  test("without a certificate", async () => {
    const client = new Client({ connectionString: cloudSql.urlOf("functions"), host, port: 3307 });
    await assert.rejects(client.connect());
  });
});

test("an outage of the Admin API is an error of queries, and passes", async () => {
  cloudSql.admin.isDown = true;
  const pool = open(cloudSql.urlOf("functions"), cloudSql.tokenOf("functions"));
  await assert.rejects(pool.query("select 1"), /503|down/);
  cloudSql.admin.isDown = false;
  assert.equal((await pool.query("select 1")).rowCount, 1);
});

// The gateway's program on Cloud SQL, as it runs on GKE: its database by IAM login, under the identity that the metadata server names.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestCloudSql, type TestCloudSql } from "@cliscale/local/testing/cloudSql";
import { type MetadataServer, startMetadataServer } from "@cliscale/local/testing/metadataServer";
import { attempt, closeOf, protocolsOf } from "./support/client.ts";
import { gatewayEnv } from "./support/gatewayProcess.ts";
import { startPod } from "./support/pods.ts";
import { runProgram, startProgram } from "./support/program.ts";
import { startWorld, type TestSession, type World } from "./support/world.ts";

let cloudSql: TestCloudSql;
let metadata: MetadataServer;
let world: World;
let identity: "gateway" | "migration" = "gateway";

before(async () => {
  cloudSql = await startTestCloudSql("127.83.0.3");
  metadata = await startMetadataServer(() => ({ access_token: cloudSql.tokenOf(identity), expires_in: 3600 }));
  world = await startWorld({}, {}, { databaseUrl: cloudSql.administratorUrl });
});
after(async () => {
  await world.stop();
  await metadata.stop();
  await cloudSql.remove();
});

const envOf = (part: typeof identity) => ({
  ...gatewayEnv(world),
  ...metadata.env,
  CLISCALE_DATABASE_URL: cloudSql.urlOf(part),
  CLISCALE_CLOUD_SQL_INSTANCE: cloudSql.instance,
  CLISCALE_CLOUD_SQL_ADMIN_ENDPOINT: cloudSql.admin.url,
});

/** Within a few tries: the first connection to an instance takes longer than an attach may. */
async function enters(url: string, session: TestSession): Promise<string> {
  for (let tries = 0; ; tries += 1) {
    // A new one each time: the database may have spent one that the gateway has given up waiting for.
    const token = await world.mint(session);
    const { client, code } = await attempt(url, token);
    client.close();
    if (code === undefined) return token;
    assert.ok(code === 4503 && tries < 10, String(code));
  }
}

test("attaches a client, whose token it has spent as its own service account", async () => {
  const program = await startProgram(envOf("gateway"));
  const session = await world.createSession();
  const pod = await startPod(session.podSecret, session.podIp);
  const url = `ws://127.0.0.1:${program.port}/ws/${session.id}`;
  try {
    const token = await enters(url, session);
    assert.equal((await closeOf(url, protocolsOf(token))).code, 4409);
    const { rows } = await world.pool.query(
      "select distinct usename from pg_stat_activity where application_name = 'cliscale-gateway'",
    );
    assert.deepEqual(rows, [{ usename: "gateway@test-project.iam" }]);
  } finally {
    await program.end();
    await pod.stop();
  }
});

test("comes up while the Admin API is down, and attaches once it is back", async () => {
  cloudSql.admin.isDown = true;
  const program = await startProgram(envOf("gateway"));
  const session = await world.createSession();
  const pod = await startPod(session.podSecret, session.podIp);
  const url = `ws://127.0.0.1:${program.port}/ws/${session.id}`;
  try {
    const token = await world.mint(session);
    assert.equal((await closeOf(url, protocolsOf(token))).code, 4503);
    cloudSql.admin.isDown = false;
    await enters(url, session);
  } finally {
    cloudSql.admin.isDown = false;
    await program.end();
    await pod.stop();
  }
});

test("its image migrates over it, under the migration's identity", async () => {
  identity = "migration";
  const { code, log } = await runProgram(envOf("migration"), ["migrate"]);
  assert.equal(code, 0, log);
});

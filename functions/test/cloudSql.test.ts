// The functions on Cloud SQL: its database by IAM login, under the service account that the metadata server names.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { startTestCloudSql, type TestCloudSql } from "@cliscale/local/testing/cloudSql";
import { type MetadataServer, startMetadataServer } from "@cliscale/local/testing/metadataServer";

let cloudSql: TestCloudSql;
let metadata: MetadataServer;
let identity: "functions" | "gateway";

before(async () => {
  cloudSql = await startTestCloudSql("127.83.0.4");
  metadata = await startMetadataServer(() => ({ access_token: cloudSql.tokenOf(identity), expires_in: 3600 }));
});
after(async () => {
  await metadata.stop();
  await cloudSql.remove();
});

/** What an instance finds out about itself. */
async function whoAmI(): Promise<string> {
  const program = join(import.meta.dirname, "support/cloudSqlProgram.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [program], {
    env: {
      PATH: process.env["PATH"],
      GCLOUD_PROJECT: "test-project",
      FIREBASE_CONFIG: JSON.stringify({ projectId: "test-project" }),
      ...metadata.env,
      CLISCALE_DATABASE_URL: cloudSql.urlOf("functions"),
      CLISCALE_CLOUD_SQL_INSTANCE: cloudSql.instance,
      CLISCALE_CLOUD_SQL_ADMIN_ENDPOINT: cloudSql.admin.url,
      CLISCALE_SIGNING_KEY: "projects/p/locations/l/keyRings/r/cryptoKeys/k",
      CLISCALE_KUBERNETES_ENDPOINT: "https://gke-1.us-central1.gke.goog",
      CLISCALE_RUNNER_IMAGE: "runner",
      CLISCALE_GATEWAY_URL: "wss://gateway.test",
      CLISCALE_TOKEN_ISSUER: "https://issuer.test",
      CLISCALE_ALLOWED_ORIGINS: "https://terminal.test",
      // A database of a test has a hundred connections.
      CLISCALE_GATEWAYS_MAX: "1",
    },
    timeout: 60_000,
  });
  return stdout;
}

test("log in as their service account", async () => {
  identity = "functions";
  assert.equal(await whoAmI(), "functions@test-project.iam");
});

test("are not let in as another's", async () => {
  identity = "gateway";
  await assert.rejects(whoAmI(), /IAM user authentication failed/);
});

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { KeyManagementServiceClient } from "@google-cloud/kms";
import { credentials } from "@grpc/grpc-js";
import { refuses } from "../../contract/support/contract.ts";
import type { GrpcServer } from "../../src/grpc/server.ts";
import { attachKeyName } from "../../src/kms/defaultKey.ts";
import { type Identity, members, tokenFileOf } from "../../src/kms/iam/identities.ts";
import { startKms } from "../../src/kms/server.ts";

const firstVersion = `${attachKeyName}/cryptoKeyVersions/1`;
const rotationRole = "projects/demo-cliscale/roles/cliscaleKeyRotation";
const digest = { sha256: Buffer.alloc(32) };
const disabling = {
  cryptoKeyVersion: { name: firstVersion, state: "DISABLED" as const },
  updateMask: { paths: ["state"] },
};
let stateDir: string;
let kms: GrpcServer;
let client: KeyManagementServiceClient;

before(async () => {
  process.env["METADATA_SERVER_DETECTION"] = "none";
  stateDir = await mkdtemp(join(tmpdir(), "cliscale-kms-"));
  kms = await startKms({ port: 0, stateDir, guarded: true });
  const sslCreds = credentials.createInsecure();
  client = new KeyManagementServiceClient({ apiEndpoint: "127.0.0.1", port: kms.port, sslCreds });
});
after(async () => {
  await client.close();
  await kms.stop();
  await rm(stateDir, { recursive: true });
});

async function as(identity: Identity) {
  return bearing(await readFile(tokenFileOf(identity, stateDir), "utf8"));
}
const bearing = (token: string) => ({ otherArgs: { headers: { authorization: `Bearer ${token}` } } });

/** The clients' types ask for the class of a message, and take what has its fields. */
const message = (fields: object) => fields as never;

test("the functions sign and look, and change nothing", async () => {
  await client.listCryptoKeyVersions({ parent: attachKeyName }, await as("functions"));
  await client.getPublicKey({ name: firstVersion }, await as("functions"));
  await client.asymmetricSign({ name: firstVersion, digest }, await as("functions"));
  await refuses(client.createCryptoKeyVersion({ parent: attachKeyName }, await as("functions")), "PERMISSION_DENIED");
  await refuses(client.updateCryptoKeyVersion(disabling, await as("functions")), "PERMISSION_DENIED");
  await refuses(client.destroyCryptoKeyVersion({ name: firstVersion }, await as("functions")), "PERMISSION_DENIED");
  const policy = message({ resource: attachKeyName, policy: { bindings: [] } });
  await refuses(client.setIamPolicy(policy, await as("functions")), "PERMISSION_DENIED");
});

test("the rotation changes versions, and signs nothing", async () => {
  const [{ name }] = await client.createCryptoKeyVersion({ parent: attachKeyName }, await as("rotation"));
  await refuses(client.asymmetricSign({ name: firstVersion, digest }, await as("rotation")), "PERMISSION_DENIED");
  assert.equal(name, `${attachKeyName}/cryptoKeyVersions/2`);
  const asked = ["create", "destroy", "update", "useToSign"].map((verb) => `cloudkms.cryptoKeyVersions.${verb}`);
  const request = message({ resource: attachKeyName, permissions: asked });
  const [granted] = await client.testIamPermissions(request, await as("rotation"));
  assert.deepEqual(granted.permissions, asked.slice(0, 3));
});

test("who bears no token runs the stand-in; who bears another is nobody", async () => {
  assert.equal((await client.getCryptoKey({ name: attachKeyName }))[0].name, attachKeyName);
  await refuses(client.getCryptoKey({ name: attachKeyName }, bearing("other")), "UNAUTHENTICATED");
});

test("a policy that is changed counts at once, and after a restart", async () => {
  const [policy] = await client.getIamPolicy(message({ resource: attachKeyName }));
  assert.ok(policy.bindings.some(({ role, members: some }) => role === rotationRole && some![0] === members.rotation));
  const bindings = policy.bindings.filter(({ role }) => role !== "roles/cloudkms.signer");
  await client.setIamPolicy(message({ resource: attachKeyName, policy: { bindings } }));
  await refuses(client.asymmetricSign({ name: firstVersion, digest }, await as("functions")), "PERMISSION_DENIED");
  await kms.stop();
  kms = await startKms({ port: kms.port, stateDir, guarded: true });
  await refuses(client.asymmetricSign({ name: firstVersion, digest }, await as("functions")), "PERMISSION_DENIED");
  const unknown = { bindings: [{ role: "roles/owner", members: [members.functions] }] };
  await refuses(client.setIamPolicy(message({ resource: attachKeyName, policy: unknown })), "INVALID_ARGUMENT");
});

// What only the stand-in does: refuse what it does not model, break on demand, and keep its state in a file.
import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import type { protos } from "@google-cloud/kms";
import { Client, credentials } from "@grpc/grpc-js";
import { sha256, untilEnabled } from "../../contract/kms/steps.ts";
import { openStandIn } from "../../contract/kms/subject.ts";
import { refuses } from "../../contract/support/contract.ts";
import { attachKeyName } from "../../src/kms/defaultKey.ts";
import { startKms } from "../../src/kms/server.ts";

const day = 24 * 60 * 60 * 1000;
const attachVersion = `${attachKeyName}/cryptoKeyVersions/1`;
const digest = { sha256: sha256("data") };
let clock = Date.now();
let subject: Awaited<ReturnType<typeof openStandIn>>;

before(async () => {
  subject = await openStandIn((options) => startKms({ ...options, now: () => new Date(clock) }));
});
after(() => subject.close());

function asItIs(bytes: unknown): Buffer {
  return bytes as Buffer;
}

async function createEnabled(): Promise<string> {
  const [{ name }] = await subject.client.createCryptoKeyVersion({ parent: attachKeyName });
  await untilEnabled(subject, name!);
  return name!;
}

test("the key that signs attach tokens is ready from the start, and once", async () => {
  await subject.restart!();
  const [versions] = await subject.client.listCryptoKeyVersions({ parent: attachKeyName });
  assert.deepEqual(
    versions.map(({ name, state, algorithm }) => ({ name, state, algorithm })),
    [{ name: attachVersion, state: "ENABLED", algorithm: "RSA_SIGN_PKCS1_2048_SHA256" }],
  );
});

test("key rings are created, found and listed", async () => {
  const { client } = subject;
  const parent = "projects/demo-cliscale/locations/europe-west1";
  const [created] = await client.createKeyRing({ parent, keyRingId: "ring", keyRing: {} });
  assert.equal(created.name, `${parent}/keyRings/ring`);
  assert.deepEqual((await client.getKeyRing({ name: created.name }))[0], created);
  assert.deepEqual((await client.listKeyRings({ parent }))[0], [created]);
  await refuses(client.createKeyRing({ parent, keyRingId: "ring" }), "ALREADY_EXISTS");
  await refuses(client.createKeyRing({ parent, keyRingId: "a/b" }), "INVALID_ARGUMENT");
  await refuses(client.getKeyRing({ name: `${parent}/keyRings/none` }), "NOT_FOUND");
  await refuses(client.listCryptoKeys({ parent: `${parent}/keyRings/none` }), "NOT_FOUND");
});

test("fields, values and methods that are not modelled are UNIMPLEMENTED", async () => {
  const { client, keyRing } = subject;
  const create = (cryptoKey: protos.google.cloud.kms.v1.ICryptoKey) =>
    client.createCryptoKey({ parent: keyRing, cryptoKeyId: "unmodelled", cryptoKey });
  const versionTemplate = { algorithm: "RSA_SIGN_PKCS1_2048_SHA256" } as const;
  const purpose = "ASYMMETRIC_SIGN";
  const refused = [
    () => create({ purpose: "ENCRYPT_DECRYPT", versionTemplate: { algorithm: "GOOGLE_SYMMETRIC_ENCRYPTION" } }),
    () => create({ purpose, versionTemplate: { algorithm: "EC_SIGN_P256_SHA256" } }),
    () => create({ purpose, versionTemplate: { ...versionTemplate, protectionLevel: "HSM" } }),
    () => create({ purpose, versionTemplate, labels: { team: "terminals" } }),
    () => create({ purpose, versionTemplate, importOnly: true }),
    () => client.createCryptoKeyVersion({ parent: attachKeyName, cryptoKeyVersion: { state: "DISABLED" } }),
    () => client.getPublicKey({ name: attachVersion, publicKeyFormat: "DER" }),
    () => client.asymmetricSign({ name: attachVersion, digest: { externalMu: Buffer.alloc(64) } }),
    () => client.listCryptoKeyVersions({ parent: attachKeyName, filter: "state=ENABLED" }),
    () => client.listCryptoKeyVersions({ parent: attachKeyName, orderBy: "name desc" }),
    () => client.listCryptoKeyVersions({ parent: attachKeyName, view: "FULL" }),
    () => client.updateCryptoKey({ cryptoKey: { name: attachKeyName }, updateMask: { paths: ["labels"] } }),
    () => client.encrypt({ name: attachKeyName, plaintext: Buffer.from("text") }),
    () => client.getImportJob({ name: `${keyRing}/importJobs/job` }),
  ];
  for (const call of refused) await refuses(call(), "UNIMPLEMENTED");
  await refuses(client.getCryptoKey({ name: `${keyRing}/cryptoKeys/unmodelled` }), "NOT_FOUND");
});

test("a field that is sent with its default value is not sent", async () => {
  const [all] = await subject.client.listCryptoKeyVersions({ parent: attachKeyName, filter: "", pageSize: 0 });
  assert.ok(all.length > 0);
});

test("a made-up page token is refused", async () => {
  const token = Buffer.from("elsewhere").toString("base64url");
  for (const pageToken of ["?", token]) {
    await refuses(subject.client.listCryptoKeyVersions({ parent: attachKeyName, pageToken }), "INVALID_ARGUMENT");
  }
});

test("injected faults strike the next calls of their method, in order, as often as they should", async () => {
  const { client, server } = subject;
  const sign = () => client.asymmetricSign({ name: attachVersion, digest });
  server.inject({ method: "AsymmetricSign", error: { code: "RESOURCE_EXHAUSTED", message: "too fast" }, times: 2 });
  server.inject({ method: "AsymmetricSign", delayMilliseconds: 60, error: { code: "PERMISSION_DENIED" } });
  await client.getPublicKey({ name: attachVersion });
  await assert.rejects(sign(), /RESOURCE_EXHAUSTED: too fast/);
  await refuses(sign(), "RESOURCE_EXHAUSTED");
  const startedAt = performance.now();
  await refuses(sign(), "PERMISSION_DENIED");
  assert.ok(performance.now() - startedAt >= 50);
  await sign();
});

test("a delayed call is given up when its caller's deadline has passed", async () => {
  subject.server.inject({ method: "GetCryptoKey", delayMilliseconds: 600_000 });
  const call = subject.client.getCryptoKey({ name: attachKeyName }, { timeout: 100, retry: null });
  await refuses(call, "DEADLINE_EXCEEDED");
  await subject.client.getCryptoKey({ name: attachKeyName });
});

test("a fault that cannot happen is refused", () => {
  const { inject } = subject.server;
  assert.throws(() => inject({ method: "Sign", delayMilliseconds: 1 }), /method/);
  assert.throws(() => inject({ method: "AsymmetricSign" }), /error or delayMilliseconds/);
  assert.throws(() => inject({ method: "AsymmetricSign", error: { code: "OK" as "ABORTED" } }), /code/);
});

test("what is no request ends nothing", async () => {
  const { port } = subject.server;
  const socket = connect(port, "127.0.0.1").end("GET / HTTP/1.1\r\n\r\n").resume();
  await once(socket, "close");
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const path = "/google.cloud.kms.v1.KeyManagementService/GetCryptoKey";
  const call = promisify(client.makeUnaryRequest.bind(client, path, asItIs, asItIs, Buffer.alloc(64, 0xff)));
  await refuses(call(), "INTERNAL");
  client.close();
  await subject.client.getCryptoKey({ name: attachKeyName });
});

test("a version is destroyed, for good, when its time has come", async () => {
  const { client, stateDir } = subject;
  const name = await createEnabled();
  await client.destroyCryptoKeyVersion({ name });
  clock += 30 * day;
  const [version] = await client.getCryptoKeyVersion({ name });
  assert.equal(version.state, "DESTROYED");
  assert.deepEqual(version.destroyEventTime, version.destroyTime);
  await refuses(client.asymmetricSign({ name, digest }), "FAILED_PRECONDITION");
  await refuses(client.restoreCryptoKeyVersion({ name }), "FAILED_PRECONDITION");
  const { versions } = JSON.parse(await readFile(join(stateDir, "kms/state.json"), "utf8"));
  assert.equal(versions[name].key, undefined);
});

test("versions that are created at once are numbered one after another", async () => {
  const parent = attachKeyName;
  const created = await Promise.all(Array.from({ length: 4 }, () => subject.client.createCryptoKeyVersion({ parent })));
  assert.equal(new Set(created.map(([{ name }]) => name)).size, 4);
  assert.ok(created.every(([{ state }]) => state === "PENDING_GENERATION"));
  for (const [{ name }] of created) await untilEnabled(subject, name!);
});

test("a version that a crash left without its key gets it at the next start", async () => {
  const path = join(subject.stateDir, "kms/state.json");
  const name = await createEnabled();
  await subject.server.stop();
  const state = JSON.parse(await readFile(path, "utf8"));
  delete state.versions[name].key;
  delete state.versions[name].generateTime;
  state.versions[name].state = "PENDING_GENERATION";
  await writeFile(path, JSON.stringify(state));
  await subject.restart!();
  await untilEnabled(subject, name);
  await subject.client.asymmetricSign({ name, digest });
});

test("keys are readable by their owner alone", async () => {
  assert.equal((await stat(join(subject.stateDir, "kms"))).mode & 0o777, 0o700);
  assert.equal((await stat(join(subject.stateDir, "kms/state.json"))).mode & 0o777, 0o600);
});

test("a taken port and a damaged state are said to be", async () => {
  const { stateDir, server } = subject;
  await assert.rejects(startKms({ port: server.port, stateDir }), /cannot listen on 127\.0\.0\.1:\d+: end what uses/);
  await server.stop();
  const path = join(stateDir, "kms/state.json");
  for (const damaged of ["{", '{"keyRings": []}']) {
    await writeFile(path, damaged);
    await assert.rejects(startKms({ port: 0, stateDir }), (error: Error) =>
      error.message.startsWith(`${path} is damaged`),
    );
  }
});

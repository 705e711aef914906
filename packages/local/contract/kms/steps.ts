import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { crc32c } from "@aws-crypto/crc32c";
import type { protos } from "@google-cloud/kms";
import type { KmsSubject } from "./subject.ts";

type Version = protos.google.cloud.kms.v1.ICryptoKeyVersion;

const generationMilliseconds = 60_000;

/** Creates a key for signing, with no version yet. */
export async function createKey(subject: KmsSubject, algorithm = "RSA_SIGN_PKCS1_2048_SHA256"): Promise<string> {
  const [key] = await subject.client.createCryptoKey({
    parent: subject.keyRing,
    cryptoKeyId: `contract-${randomUUID()}`,
    cryptoKey: signingKey(algorithm),
    skipInitialVersionCreation: true,
  });
  subject.keys.push(key.name!);
  return key.name!;
}

export function signingKey(algorithm: string): protos.google.cloud.kms.v1.ICryptoKey {
  return {
    purpose: "ASYMMETRIC_SIGN",
    versionTemplate: { algorithm: algorithm as "RSA_SIGN_PKCS1_2048_SHA256", protectionLevel: "SOFTWARE" },
  };
}

/** Creates a version and waits until it can be used. */
export async function createVersion(subject: KmsSubject, parent: string): Promise<string> {
  const [version] = await subject.client.createCryptoKeyVersion({ parent });
  await untilEnabled(subject, version.name!);
  return version.name!;
}

export async function createSigningVersion(subject: KmsSubject): Promise<string> {
  return createVersion(subject, await createKey(subject));
}

/** Keys are generated in the background, which nothing tells clients of but the state. */
export async function untilEnabled({ client }: KmsSubject, name: string): Promise<Version> {
  const deadline = Date.now() + generationMilliseconds;
  for (;;) {
    const [version] = await client.getCryptoKeyVersion({ name });
    if (version.state !== "PENDING_GENERATION") {
      assert.equal(version.state, "ENABLED");
      return version;
    }
    assert.ok(Date.now() < deadline, `${name} is still being generated`);
    await delay(25);
  }
}

export async function setState({ client }: KmsSubject, name: string, state: "ENABLED" | "DISABLED"): Promise<Version> {
  const [version] = await client.updateCryptoKeyVersion({
    cryptoKeyVersion: { name, state },
    updateMask: { paths: ["state"] },
  });
  return version;
}

export function sha256(data: string): Buffer {
  return createHash("sha256").update(data).digest();
}

export function assertChecksum(data: string | Uint8Array, checksum: { value?: unknown } | null | undefined): void {
  assert.equal(Number(checksum?.value), crc32c(Buffer.from(data)), "CRC32C");
}

/** Milliseconds since 1970. */
export function milliseconds(time: protos.google.protobuf.ITimestamp | null | undefined): number {
  assert.ok(time, "a time");
  return Number(time.seconds) * 1000 + (time.nanos ?? 0) / 1e6;
}

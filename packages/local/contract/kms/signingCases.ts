import assert from "node:assert/strict";
import { verify } from "node:crypto";
import { crc32c } from "@aws-crypto/crc32c";
import { type ContractCase, refuses } from "../support/contract.ts";
import { assertChecksum, createKey, createSigningVersion, createVersion, sha256 } from "./steps.ts";
import type { KmsSubject } from "./subject.ts";

const text = "data to sign";
const data = Buffer.from(text);
const digest = { sha256: sha256(text) };
const checksumOf = (bytes: Uint8Array) => ({ value: crc32c(bytes) });
const wrongChecksum = { value: crc32c(digest.sha256) ^ 1 };

/** Public keys and signatures. */
export const signingCases: ContractCase<KmsSubject>[] = [
  {
    name: "a public key comes with its name, its algorithm and the CRC32C of its PEM",
    async check(subject) {
      const name = await createSigningVersion(subject);
      const [publicKey] = await subject.client.getPublicKey({ name });
      assert.equal(publicKey.name, name);
      assert.equal(publicKey.algorithm, "RSA_SIGN_PKCS1_2048_SHA256");
      assert.equal(publicKey.protectionLevel, "SOFTWARE");
      assert.match(publicKey.pem!, /^-----BEGIN PUBLIC KEY-----\n/);
      assertChecksum(publicKey.pem!, publicKey.pemCrc32c);
    },
  },
  {
    name: "a signature over a digest is verified by the version's public key",
    async check(subject) {
      const name = await createSigningVersion(subject);
      const [publicKey] = await subject.client.getPublicKey({ name });
      const [answer] = await subject.client.asymmetricSign({ name, digest });
      const signature = answer.signature as Uint8Array;
      assert.ok(verify("sha256", data, publicKey.pem!, signature));
      assert.equal(answer.name, name);
      assert.equal(answer.protectionLevel, "SOFTWARE");
      assertChecksum(signature, answer.signatureCrc32c);
    },
  },
  {
    name: "data is signed as its digest would be",
    async check(subject) {
      const name = await createSigningVersion(subject);
      const [byDigest] = await subject.client.asymmetricSign({ name, digest });
      const [byData] = await subject.client.asymmetricSign({ name, data });
      assert.deepEqual(byData.signature, byDigest.signature);
    },
  },
  {
    name: "a checksum that was sent is verified, and only then said to be",
    async check(subject) {
      const name = await createSigningVersion(subject);
      const flags = async (request: object) => {
        const [answer] = await subject.client.asymmetricSign({ name, ...request });
        return [answer.verifiedDigestCrc32c, answer.verifiedDataCrc32c];
      };
      assert.deepEqual(await flags({ digest }), [false, false]);
      assert.deepEqual(await flags({ digest, digestCrc32c: checksumOf(digest.sha256) }), [true, false]);
      assert.deepEqual(await flags({ data, dataCrc32c: checksumOf(data) }), [false, true]);
    },
  },
  {
    name: "a wrong checksum is INVALID_ARGUMENT",
    async check(subject) {
      const name = await createSigningVersion(subject);
      const { client } = subject;
      await refuses(client.asymmetricSign({ name, digest, digestCrc32c: wrongChecksum }), "INVALID_ARGUMENT");
      await refuses(client.asymmetricSign({ name, digest, digestCrc32c: { value: 0 } }), "INVALID_ARGUMENT");
      await refuses(client.asymmetricSign({ name, data, dataCrc32c: wrongChecksum }), "INVALID_ARGUMENT");
    },
  },
  {
    name: "one digest of the algorithm's length is signed, or data, and nothing else",
    async check(subject) {
      const name = await createSigningVersion(subject);
      const sign = (request: object) => subject.client.asymmetricSign({ name, ...request });
      await refuses(sign({}), "INVALID_ARGUMENT");
      await refuses(sign({ digest, data }), "INVALID_ARGUMENT");
      await refuses(sign({ digest: { sha256: digest.sha256.subarray(1) } }), "INVALID_ARGUMENT");
      await refuses(sign({ digest: { sha512: Buffer.alloc(64) } }), "INVALID_ARGUMENT");
    },
  },
  {
    name: "each version has a key of its own",
    async check(subject) {
      const parent = await createKey(subject);
      const [first, second] = [await createVersion(subject, parent), await createVersion(subject, parent)];
      const [firstKey] = await subject.client.getPublicKey({ name: first });
      const [secondKey] = await subject.client.getPublicKey({ name: second });
      assert.notEqual(firstKey.pem, secondKey.pem);
      const [answer] = await subject.client.asymmetricSign({ name: second, digest });
      assert.ok(verify("sha256", data, secondKey.pem!, answer.signature as Uint8Array));
      assert.equal(verify("sha256", data, firstKey.pem!, answer.signature as Uint8Array), false);
    },
  },
  {
    name: "keys outlive a restart",
    skip: ({ restart }) => (restart ? undefined : "this service cannot be restarted"),
    async check(subject) {
      const name = await createSigningVersion(subject);
      const [before] = await subject.client.getPublicKey({ name });
      const [version] = await subject.client.getCryptoKeyVersion({ name });
      await subject.restart!();
      assert.deepEqual(await subject.client.getPublicKey({ name }).then(([key]) => key, String), before);
      assert.deepEqual((await subject.client.getCryptoKeyVersion({ name }))[0], version);
      const [answer] = await subject.client.asymmetricSign({ name, digest });
      assert.ok(verify("sha256", data, before.pem!, answer.signature as Uint8Array));
    },
  },
];

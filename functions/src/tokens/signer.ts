import { createPublicKey, hash } from "node:crypto";
import { crc32c } from "@aws-crypto/crc32c";
import { KeyManagementServiceClient } from "@google-cloud/kms";
import { calculateJwkThumbprint, exportJWK, type JWK } from "jose";
import { grpcClientOptions } from "../grpcEndpoint.ts";
import { dependingOn } from "../http/errors.ts";
import { signingVersion, type Version } from "./signingVersion.ts";

/** A key that signs without ever leaving Cloud KMS. All of it may throw a DependencyError. */
export interface Signer {
  /** The key that signs now. */
  current(): Promise<SigningKey>;
  /** Signs with RS256 (RFC 7518 §3.3). */
  sign(key: SigningKey, data: string): Promise<Uint8Array>;
  /** The public keys of all enabled versions. */
  publicKeys(): Promise<JWK[]>;
  /** All enabled versions. */
  versions(): Promise<Version[]>;
  /** Adds a version, which signs once every gateway knows it; returns its name. */
  createVersion(): Promise<string>;
}

export interface SigningKey extends Version {
  /** Thumbprint of the public key (RFC 7638). */
  kid: string;
  jwk: JWK;
}

interface SignerOptions {
  /** Resource name of the crypto key. */
  key: string;
  endpoint: string;
}

const callOptions = { timeout: 5_000 };
/** How long the list of versions is believed; a version's public key never changes. */
const versionsMilliseconds = 30_000;

/** A signer over Cloud KMS: https://cloud.google.com/kms/docs/create-validate-signatures */
export function createKmsSigner({ key, endpoint }: SignerOptions): Signer {
  const client = new KeyManagementServiceClient(grpcClientOptions(endpoint));
  const publicKeys = new Map<string, Promise<SigningKey>>();
  let enabled: { keys: Promise<SigningKey[]>; until: number } | undefined;

  async function listEnabled(): Promise<SigningKey[]> {
    const [versions] = await client.listCryptoKeyVersions({ parent: key }, callOptions);
    return Promise.all(
      versions
        .filter(({ state }) => state === "ENABLED")
        .map(({ name, createTime }) =>
          remember(publicKeys, name!, () => loadKey({ name: name!, createdAt: Number(createTime?.seconds) * 1000 })),
        ),
    );
  }

  async function loadKey(version: Version): Promise<SigningKey> {
    const [answer] = await client.getPublicKey({ name: version.name }, callOptions);
    verifyChecksum(answer.pem!, answer.pemCrc32c, "public key");
    const { kty, n, e } = await exportJWK(createPublicKey(answer.pem!));
    const jwk: JWK = { kty: kty!, n: n!, e: e! };
    const kid = await calculateJwkThumbprint(jwk);
    return { ...version, kid, jwk: { ...jwk, kid, alg: "RS256", use: "sig" } };
  }

  function enabledKeys(): Promise<SigningKey[]> {
    if (enabled && Date.now() < enabled.until) return enabled.keys;
    const keys = listEnabled();
    enabled = { keys, until: Date.now() + versionsMilliseconds };
    keys.catch(() => (enabled = undefined));
    return keys;
  }

  async function signDigest({ name }: SigningKey, digest: Uint8Array): Promise<Uint8Array> {
    const request = { name, digest: { sha256: digest }, digestCrc32c: { value: crc32c(digest) } };
    const [answer] = await client.asymmetricSign(request, callOptions);
    const signature = Buffer.from(answer.signature!);
    if (answer.name !== name) throw new Error("Cloud KMS signed with another key version than asked for");
    if (!answer.verifiedDigestCrc32c) throw new Error("Cloud KMS did not check the digest: it was changed on its way");
    verifyChecksum(signature, answer.signatureCrc32c, "signature");
    return signature;
  }

  async function createVersion(): Promise<string> {
    const [version] = await client.createCryptoKeyVersion({ parent: key }, callOptions);
    enabled = undefined;
    return version.name!;
  }

  return {
    current: () => dependingOn("kms", async () => signingVersion(await enabledKeys(), Date.now())),
    sign: (signingKey, data) => dependingOn("kms", () => signDigest(signingKey, hash("sha256", data, "buffer"))),
    publicKeys: () => dependingOn("kms", async () => (await enabledKeys()).map(({ jwk }) => jwk)),
    versions: () => dependingOn("kms", enabledKeys),
    createVersion: () => dependingOn("kms", createVersion),
  };
}

/** Cloud KMS sends a CRC32C with what it returns: https://cloud.google.com/kms/docs/data-integrity-guidelines */
function verifyChecksum(
  data: string | Uint8Array,
  checksum: { value?: unknown } | null | undefined,
  what: string,
): void {
  if (Number(checksum?.value) !== crc32c(Buffer.from(data))) {
    throw new Error(`the ${what} from Cloud KMS was changed on its way (CRC32C)`);
  }
}

/** The value of a key, loaded once; a failure is not remembered. */
function remember<V>(cache: Map<string, Promise<V>>, key: string, load: () => Promise<V>): Promise<V> {
  let value = cache.get(key);
  if (!value) {
    value = load();
    cache.set(key, value);
    value.catch(() => cache.delete(key));
  }
  return value;
}

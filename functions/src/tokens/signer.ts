import { createPublicKey, hash, type KeyObject, verify } from "node:crypto";
import { crc32c } from "@aws-crypto/crc32c";
import { KeyManagementServiceClient } from "@google-cloud/kms";
import { status } from "@grpc/grpc-js";
import { calculateJwkThumbprint, exportJWK, type JWK } from "jose";
import { callOptionsOf, type GrpcEndpoint, grpcClientOptions } from "../grpcEndpoint.ts";
import { dependingOn } from "../http/errors.ts";
import { millisecondsOf } from "./keyVersions.ts";
import { signingVersion, type Version } from "./signingVersion.ts";

/** A key that signs without ever leaving Cloud KMS. All of it may throw a DependencyError. */
export interface Signer {
  /** The key that signs now. */
  current(): Promise<SigningKey>;
  /**
   * Signs with RS256 (RFC 7518 §3.3), by the key that signs now, what `inputOf` makes for it; asks it again, for another key, where that
   * one has been disabled a moment ago. The signature has been verified with the public key.
   */
  sign(inputOf: (key: SigningKey) => string): Promise<Signed>;
  /** All enabled versions. */
  enabledKeys(): Promise<SigningKey[]>;
  /** Their public keys. */
  publicKeys(): Promise<JWK[]>;
}

export interface SigningKey extends Version {
  /** Thumbprint of the public key (RFC 7638). */
  kid: string;
  jwk: JWK;
  publicKey: KeyObject;
}

export interface Signed {
  kid: string;
  input: string;
  signature: Uint8Array;
}

export interface SignerOptions extends GrpcEndpoint {
  /** Resource name of the crypto key. */
  key: string;
}

const callMilliseconds = 5_000;
/** How long the list of versions is believed; a version's public key never changes. */
const versionsMilliseconds = 30_000;

/** A signer over Cloud KMS: https://cloud.google.com/kms/docs/create-validate-signatures */
export function createKmsSigner({ key, ...endpoint }: SignerOptions): Signer {
  const client = new KeyManagementServiceClient(grpcClientOptions(endpoint));
  const callOptions = callOptionsOf(endpoint, callMilliseconds);
  const publicKeys = new Map<string, Promise<SigningKey>>();
  let enabled: { keys: Promise<SigningKey[]>; until: number } | undefined;

  async function listEnabled(): Promise<SigningKey[]> {
    const [versions] = await client.listCryptoKeyVersions({ parent: key }, callOptions());
    return Promise.all(
      versions
        .filter(({ state }) => state === "ENABLED")
        .map(({ name, createTime, generateTime }) => {
          // Asymmetric keys are generated some time after their version was created, and are published from then on.
          const version = { name: name!, createdAt: millisecondsOf(generateTime ?? createTime) };
          return remember(publicKeys, version.name, () => loadKey(version));
        }),
    );
  }

  async function loadKey(version: Version): Promise<SigningKey> {
    const [answer] = await client.getPublicKey({ name: version.name }, callOptions());
    if (answer.name !== version.name) throw new Error("Cloud KMS told another key version than asked for");
    verifyChecksum(answer.pem!, answer.pemCrc32c, "public key");
    const publicKey = createPublicKey(answer.pem!);
    const { kty, n, e } = await exportJWK(publicKey);
    const jwk: JWK = { kty: kty!, n: n!, e: e! };
    const kid = await calculateJwkThumbprint(jwk);
    return { ...version, kid, publicKey, jwk: { ...jwk, kid, alg: "RS256", use: "sig" } };
  }

  function enabledKeys(): Promise<SigningKey[]> {
    if (enabled && Date.now() < enabled.until) return enabled.keys;
    const keys = listEnabled();
    enabled = { keys, until: Date.now() + versionsMilliseconds };
    keys.catch(() => (enabled = undefined));
    return keys;
  }

  const current = async () => signingVersion(await enabledKeys(), Date.now());

  async function signWith({ name, kid, publicKey }: SigningKey, input: string): Promise<Signed> {
    const digest = hash("sha256", input, "buffer");
    const request = { name, digest: { sha256: digest }, digestCrc32c: { value: crc32c(digest) } };
    const [answer] = await client.asymmetricSign(request, callOptions());
    const signature = Buffer.from(answer.signature!);
    if (answer.name !== name) throw new Error("Cloud KMS signed with another key version than asked for");
    if (!answer.verifiedDigestCrc32c) throw new Error("Cloud KMS did not check the digest: it was changed on its way");
    verifyChecksum(signature, answer.signatureCrc32c, "signature");
    if (!verify("sha256", Buffer.from(input), publicKey, signature)) {
      throw new Error(`the signature is not one of ${name}: its public key does not verify it`);
    }
    return { kid, input, signature };
  }

  async function sign(inputOf: (key: SigningKey) => string): Promise<Signed> {
    const first = await current();
    try {
      return await signWith(first, inputOf(first));
    } catch (error) {
      if (!isNoLongerEnabled(error)) throw error;
      enabled = undefined;
      const other = await current();
      return signWith(other, inputOf(other));
    }
  }

  return {
    current: () => dependingOn("kms", current),
    sign: (inputOf) => dependingOn("kms", () => sign(inputOf)),
    enabledKeys: () => dependingOn("kms", enabledKeys),
    publicKeys: () => dependingOn("kms", async () => (await enabledKeys()).map(({ jwk }) => jwk)),
  };
}

function isNoLongerEnabled(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === status.FAILED_PRECONDITION;
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

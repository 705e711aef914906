import { constants, generateKeyPair, privateEncrypt } from "node:crypto";
import { promisify } from "node:util";

/** The modelled algorithms and the length of their modulus in bits: https://cloud.google.com/kms/docs/algorithms */
export const modulusBits = {
  RSA_SIGN_PKCS1_2048_SHA256: 2048,
  RSA_SIGN_PKCS1_3072_SHA256: 3072,
  RSA_SIGN_PKCS1_4096_SHA256: 4096,
} as const;

export type Algorithm = keyof typeof modulusBits;

export function isAlgorithm(name: unknown): name is Algorithm {
  return typeof name === "string" && Object.hasOwn(modulusBits, name);
}

export interface RsaKey {
  /** PKCS #8, PEM. */
  privateKey: string;
  /** SubjectPublicKeyInfo, PEM. */
  publicKey: string;
}

/** Takes up to some seconds, without blocking. */
export async function generateRsaKey(algorithm: Algorithm): Promise<RsaKey> {
  return promisify(generateKeyPair)("rsa", {
    modulusLength: modulusBits[algorithm],
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
}

/** What stands before a SHA-256 digest in its DER-encoded DigestInfo: RFC 8017 §9.2, note 1. */
const sha256DigestInfo = Buffer.from("3031300d060960864801650304020105000420", "hex");

export const sha256Bytes = 32;

/** RSASSA-PKCS1-v1_5 over a ready digest: RFC 8017 §8.2.1, from its step 2 on. */
export function signSha256(privateKey: string, digest: Buffer): Buffer {
  return privateEncrypt(
    { key: privateKey, padding: constants.RSA_PKCS1_PADDING },
    Buffer.concat([sha256DigestInfo, digest]),
  );
}

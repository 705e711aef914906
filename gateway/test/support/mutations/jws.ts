import { createPublicKey, type KeyObject, sign } from "node:crypto";
import type { Signer } from "../signer.ts";

export type Part = Record<string, unknown>;

/** The forms in which a verifier that is led astray may take a public key for a secret. */
export function secretsOf({ jwk }: Signer): Record<string, Buffer> {
  const key = createPublicKey({ key: jwk, format: "jwk" });
  const pem = key.export({ type: "spki", format: "pem" }).toString();
  return {
    PEM: Buffer.from(pem),
    "PEM without its last line end": Buffer.from(pem.trimEnd()),
    "PKCS #1 PEM": Buffer.from(key.export({ type: "pkcs1", format: "pem" })),
    DER: key.export({ type: "spki", format: "der" }),
    JWK: Buffer.from(JSON.stringify(jwk)),
    modulus: Buffer.from(jwk.n!, "base64url"),
  };
}

export function partsOf(token: string) {
  const [encodedHeader, payload, signature] = token.split(".") as [string, string, string];
  return { encodedHeader, header: decode(encodedHeader), payload, claims: decode(payload), signature };
}

/** Signed with RS256 under any header. */
export function signed(header: Part, payload: string, key: KeyObject): string {
  const input = `${encode(header)}.${payload}`;
  return `${input}.${sign("sha256", Buffer.from(input), key).toString("base64url")}`;
}

/** The payload as it was, under another header or signature. */
export function resigned(token: string, header: Part, signature?: Buffer): string {
  const parts = partsOf(token);
  return `${encode(header)}.${parts.payload}.${signature?.toString("base64url") ?? parts.signature}`;
}

export function encode(part: Part): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}

export function decode(part: string): Part {
  return JSON.parse(Buffer.from(part, "base64url").toString()) as Part;
}

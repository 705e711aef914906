import { type KeyObject, verify } from "node:crypto";
import {
  attachTokenAlgorithm,
  attachTokenClaims,
  type AttachTokenClaims,
  attachTokenSeconds,
  attachTokenType,
} from "@cliscale/protocol";
import type { Keys } from "./keys.ts";

/** The token does not let anybody in. */
export class InvalidToken extends Error {
  override name = "InvalidToken";
}

export interface Verifier {
  keys: Pick<Keys, "find">;
  issuer: string;
  /** Milliseconds since 1970. */
  now?: () => number;
}

// RFC 7515 §7.1, without the white space and the padding that decoders tend to forgive.
const compactSerialization = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)$/;
// A SHA-256 thumbprint.
const keyId = /^[A-Za-z0-9_-]{43}$/;
const headerParameters = new Set(["alg", "typ", "kid"]);
/** By how much the clocks of signer and gateway may differ. */
const clockToleranceSeconds = 5;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Verifies an attach token by the rules of RFC 8725: one algorithm, keys of our own list alone, explicit type, every claim.
 * @throws InvalidToken, or KeysUnavailable when its key cannot be looked up.
 */
export async function verifyAttachToken(token: string, { keys, issuer, now = Date.now }: Verifier) {
  checkForm(token);
  const key = await findKey(token, keys);
  checkSignature(token, key);
  return checkClaims(payloadOf(token), issuer, now() / 1000);
}

/** The last character of a signature has spare bits; other values of them decode to the same bytes. */
function checkForm(token: string): void {
  const signature = compactSerialization.exec(token)?.[1];
  if (signature === undefined) throw new InvalidToken("not a compact JWS");
  if (Buffer.from(signature, "base64url").toString("base64url") !== signature) {
    throw new InvalidToken("the signature is not encoded canonically");
  }
}

/** A token of ours says these and nothing else: `jku`, `x5u`, `jwk`, `crit` and `b64` are refused without being looked at. */
async function findKey(token: string, keys: Verifier["keys"]): Promise<KeyObject> {
  const header = headerOf(token);
  if (header.alg !== attachTokenAlgorithm) throw new InvalidToken("another algorithm");
  if (header.typ !== attachTokenType) throw new InvalidToken("another type of token");
  if (Object.keys(header).some((name) => !headerParameters.has(name))) {
    throw new InvalidToken("other header parameters than a token of ours has");
  }
  if (typeof header.kid !== "string" || !keyId.test(header.kid)) throw new InvalidToken("no key id");
  const key = await keys.find(header.kid);
  if (!key) throw new InvalidToken("not signed by one of our keys");
  return key;
}

/**
 * RS256 (RFC 7518 §3.3): for an RSA key PKCS #1 v1.5 is Node.js's own padding. It is done here and now: to have it done on a thread of
 * Node.js's pool takes the main thread as long, and the threads' waking each other comes on top. Naming the padding as well would
 * cost more than the check.
 */
function checkSignature(token: string, key: KeyObject): void {
  const dot = token.lastIndexOf(".");
  const [signed, signature] = [Buffer.from(token.slice(0, dot)), Buffer.from(token.slice(dot + 1), "base64url")];
  if (!verify("sha256", signed, key, signature)) throw new InvalidToken("the signature is wrong");
}

function headerOf(token: string): Record<string, unknown> {
  const header = readJson(token.slice(0, token.indexOf(".")));
  if (typeof header !== "object" || header === null) throw new InvalidToken("the header is no object");
  return header as Record<string, unknown>;
}

function payloadOf(token: string): unknown {
  return readJson(token.slice(token.indexOf(".") + 1, token.lastIndexOf(".")));
}

/** `now` in seconds since 1970. The form of the claims includes that each is there, and the audience. */
function checkClaims(payload: unknown, issuer: string, now: number): AttachTokenClaims {
  const { data: claims } = attachTokenClaims.safeParse(payload);
  if (!claims) throw new InvalidToken("claims of another form");
  const { iss, iat, nbf, exp } = claims;
  if (iss !== issuer) throw new InvalidToken("another issuer");
  if (exp - iat > attachTokenSeconds.accepted) throw new InvalidToken("issued for too long");
  if (exp <= now - clockToleranceSeconds) throw new InvalidToken("expired");
  if (Math.max(iat, nbf) > now + clockToleranceSeconds) throw new InvalidToken("not yet valid");
  return claims;
}

function readJson(base64url: string): unknown {
  try {
    return JSON.parse(utf8.decode(Buffer.from(base64url, "base64url")));
  } catch (error) {
    throw new InvalidToken(error instanceof Error ? error.message : "malformed", { cause: error });
  }
}

import {
  attachTokenAlgorithm,
  attachTokenAudience,
  attachTokenClaims,
  type AttachTokenClaims,
  attachTokenSeconds,
  attachTokenType,
} from "@cliscale/protocol";
import { decodeProtectedHeader, jwtVerify } from "jose";
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

/**
 * Verifies an attach token by the rules of RFC 8725: one algorithm, keys of our own list alone, explicit type, every claim.
 * @throws InvalidToken, or KeysUnavailable when its key cannot be looked up.
 */
export async function verifyAttachToken(token: string, { keys, issuer, now = Date.now }: Verifier) {
  checkForm(token);
  const key = await findKey(token, keys);
  const payload = await verifySignature(token, key, issuer, now());
  return checkClaims(payload);
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
async function findKey(token: string, keys: Verifier["keys"]): Promise<CryptoKey> {
  const header = await invalidIfThrown(() => decodeProtectedHeader(token));
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

async function verifySignature(token: string, key: CryptoKey, issuer: string, now: number): Promise<unknown> {
  const { payload } = await invalidIfThrown(() =>
    jwtVerify(token, key, {
      algorithms: [attachTokenAlgorithm],
      typ: attachTokenType,
      issuer,
      audience: attachTokenAudience,
      requiredClaims: ["sub", "sid", "jti", "iat", "nbf", "exp"],
      maxTokenAge: attachTokenSeconds.accepted,
      clockTolerance: clockToleranceSeconds,
      currentDate: new Date(now),
    }),
  );
  return payload;
}

function checkClaims(payload: unknown): AttachTokenClaims {
  const { data: claims } = attachTokenClaims.safeParse(payload);
  if (!claims) throw new InvalidToken("claims of another form");
  if (claims.exp - claims.iat > attachTokenSeconds.accepted) throw new InvalidToken("issued for too long");
  return claims;
}

async function invalidIfThrown<T>(read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new InvalidToken(error instanceof Error ? error.message : "malformed", { cause: error });
  }
}

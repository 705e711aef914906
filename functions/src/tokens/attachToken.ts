import { randomUUID } from "node:crypto";
import { insertToken, type SessionRow } from "@cliscale/db";
import {
  type Attach,
  attachTokenAlgorithm,
  attachTokenAudience,
  type AttachTokenClaims,
  attachTokenSeconds,
  attachTokenType,
} from "@cliscale/protocol";
import type { Deps } from "../deps.ts";
import { dependingOn } from "../http/errors.ts";

/** Mints a token that attaches its session's owner once, and puts it on the list of those that may enter. */
export async function mintAttach({ pool, signer, settings }: Deps, session: SessionRow): Promise<Attach> {
  const claims = claimsOf(session, settings.tokenIssuer);
  // Signed first: what is on the list then is what somebody may hold. JWS Compact Serialization, RFC 7515 §7.1.
  const { kid, input, signature } = await signer.sign(
    (key) => `${encode({ alg: attachTokenAlgorithm, typ: attachTokenType, kid: key.kid })}.${encode(claims)}`,
  );
  await dependingOn("postgres", () =>
    insertToken(pool, {
      jti: claims.jti,
      sessionId: session.id,
      ownerUid: session.owner_uid,
      kid,
      lifetimeSeconds: attachTokenSeconds.issued,
    }),
  );
  return {
    url: new URL(`/ws/${session.id}`, settings.gatewayUrl).href,
    token: `${input}.${Buffer.from(signature).toString("base64url")}`,
    expiresAt: new Date(claims.exp * 1000).toISOString(),
  };
}

function claimsOf({ id, owner_uid }: SessionRow, issuer: string): AttachTokenClaims {
  const issuedAt = Math.floor(Date.now() / 1000);
  return {
    iss: issuer,
    aud: attachTokenAudience,
    sub: owner_uid,
    sid: id,
    jti: randomUUID(),
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + attachTokenSeconds.issued,
  };
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}

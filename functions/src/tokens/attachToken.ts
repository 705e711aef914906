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
  const key = await signer.current();
  const issuedAt = Math.floor(Date.now() / 1000);
  const claims: AttachTokenClaims = {
    iss: settings.tokenIssuer,
    aud: attachTokenAudience,
    sub: session.owner_uid,
    sid: session.id,
    jti: randomUUID(),
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + attachTokenSeconds.issued,
  };
  const header = { alg: attachTokenAlgorithm, typ: attachTokenType, kid: key.kid };
  // JWS Compact Serialization, RFC 7515 §7.1.
  const signingInput = `${encode(header)}.${encode(claims)}`;
  // Signed first: what is on the list then is what somebody may hold.
  const signature = await signer.sign(key, signingInput);
  await dependingOn("postgres", () =>
    insertToken(pool, {
      jti: claims.jti,
      sessionId: session.id,
      ownerUid: session.owner_uid,
      kid: key.kid,
      lifetimeSeconds: attachTokenSeconds.issued,
    }),
  );
  return {
    url: new URL(`/ws/${session.id}`, settings.gatewayUrl).href,
    token: `${signingInput}.${Buffer.from(signature).toString("base64url")}`,
    expiresAt: new Date(claims.exp * 1000).toISOString(),
  };
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}

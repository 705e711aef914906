import * as z from "zod";

/** The `typ` of an attach token (RFC 8725 §3.11): no other JWT of the same issuer passes for one. */
export const attachTokenType = "attach+jwt";
export const attachTokenAudience = "cliscale-gateway";
export const attachTokenAlgorithm = "RS256";
/** From `iat` to `exp`, in seconds: how long a token is issued for, and the longest that a gateway accepts. */
export const attachTokenSeconds = { issued: 60, accepted: 600 } as const;

export const attachTokenClaims = z.object({
  iss: z.string(),
  aud: z.literal(attachTokenAudience),
  /** The Firebase uid of the session's owner. */
  sub: z.string().min(1),
  /** The session id. */
  sid: z.uuid(),
  jti: z.uuid(),
  /** Seconds since 1970, as in RFC 7519 §2. */
  iat: z.int(),
  nbf: z.int(),
  exp: z.int(),
});
export type AttachTokenClaims = z.infer<typeof attachTokenClaims>;

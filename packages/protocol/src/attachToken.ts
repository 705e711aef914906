import * as z from "zod";

/** The `typ` of an attach token (RFC 8725 §3.11): no other JWT of the same issuer passes for one. */
export const attachTokenType = "attach+jwt";
export const attachTokenAudience = "cliscale-gateway";
export const attachTokenAlgorithm = "RS256";
/** From `iat` to `exp`, in seconds: how long a token is issued for, and the longest that a gateway accepts. */
export const attachTokenSeconds = { issued: 60, accepted: 600 } as const;

export const attachTokenClaims = z.object({
  iss: z.string().describe("The issuer, as configured (`CLISCALE_TOKEN_ISSUER`)."),
  aud: z.literal(attachTokenAudience).describe("Whom it is for."),
  sub: z.string().min(1).describe("The Firebase uid of the session's owner."),
  sid: z.uuid().describe("The session id."),
  jti: z.uuid().describe("Names the token: it is on the list of those that may enter, once."),
  iat: z.int().describe("When it was issued, in seconds since 1970."),
  nbf: z.int().describe("From when it is valid."),
  exp: z
    .int()
    .describe(
      `Until when it is valid: ${attachTokenSeconds.issued} s after \`iat\`; more than ${attachTokenSeconds.accepted} s is refused.`,
    ),
});
export type AttachTokenClaims = z.infer<typeof attachTokenClaims>;

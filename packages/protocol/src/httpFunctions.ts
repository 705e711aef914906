import * as z from "zod";
import { dependencies } from "./errors.ts";

const check = z.enum(["ok", "failed"]);

/** The answer of `GET /health`. */
export const healthSchema = z.object({
  status: check.describe("`ok` when every check is."),
  checks: z.record(z.enum(dependencies), check).describe(`One check for each of ${dependencies.join(", ")}.`),
});
export type Health = z.infer<typeof healthSchema>;

/** The answer of `GET /.well-known/jwks.json`: RFC 7517 §5, with RSA keys (RFC 7518 §6.3.1). */
export const jwkSetSchema = z.object({
  keys: z
    .array(
      z.object({
        kty: z.literal("RSA").describe("The kind of key."),
        alg: z.literal("RS256").describe("What it signs with."),
        use: z.literal("sig").describe("Signatures."),
        kid: z.string().describe("The key's thumbprint (RFC 7638), as in the header of the tokens that it signs."),
        n: z.string().describe("The modulus, base64url."),
        e: z.string().describe("The public exponent, base64url."),
      }),
    )
    .describe("Every key that may sign, the new ones before they do."),
});

/** The functions that are plain HTTP and need no sign-in. Hosting serves them at these paths. */
export const httpFunctions = {
  jwks: {
    method: "GET",
    path: "/.well-known/jwks.json",
    description: "The public keys of attach tokens, as a JWK Set that may be kept for a minute.",
    output: jwkSetSchema,
  },
  health: {
    method: "GET",
    path: "/health",
    description:
      "Whether everything that cliscale depends on answers: HTTP 200 when it does, 503 when not; an answer is kept for 10 s.",
    output: healthSchema,
  },
} as const;

import { randomUUID } from "node:crypto";
import { encode, partsOf, resigned, signed } from "./jws.ts";
import type { Mutation, MutationOptions } from "./mutation.ts";

/** Claims that are wrong or missing, under a signature that is right. */
export function claims({ token, signer }: MutationOptions): Mutation[] {
  const { header, claims: original } = partsOf(token);
  const now = Math.floor(Date.now() / 1000);
  const wrong: Record<string, unknown[]> = {
    iss: ["https://issuer.test/", "https://evil.test", ["https://issuer.test"], undefined, ""],
    aud: ["cliscale", ["cliscale-gateway"], ["cliscale-gateway", "other"], undefined, "*", ""],
    sub: [undefined, "", 1, null, ["user"]],
    sid: [undefined, "1", null, randomUUID(), ["sid"]],
    jti: [undefined, "", "1", null],
    iat: [undefined, now + 600, String(now), 0, now - 601],
    nbf: [undefined, now + 600, String(now)],
    exp: [undefined, now - 60, 0, -1, String(now + 60), now + 601, 9_999_999_999, 1e300, null],
  };
  return Object.entries(wrong).flatMap(([claim, values]) =>
    values.map((value) => ({
      name: `${claim} ${JSON.stringify(value)}`,
      token: signed(header, encode({ ...original, [claim]: value }), signer.privateKey),
    })),
  );
}

/** Other spellings of what decodes to the same bytes, and changes without a new signature. */
export function spellings({ token, stranger }: MutationOptions): Mutation[] {
  const { header, payload, claims: original, encodedHeader, signature } = partsOf(token);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(signature.at(-1)!);
  const twins = Array.from(alphabet).filter((_, index) => index >> 4 === last >> 4 && index !== last);
  const bytes = Buffer.from(signature, "base64url");
  return [
    ...twins.map((twin) => ({ name: `spare bits ${twin}`, token: token.slice(0, -1) + twin })),
    { name: "padding", token: `${token}==` },
    { name: "base64 instead of base64url", token: `${encodedHeader}.${payload}.${bytes.toString("base64")}` },
    { name: "a fourth part", token: `${token}.` },
    { name: "no signature", token: `${encodedHeader}.${payload}.` },
    { name: "two parts", token: `${encodedHeader}.${payload}` },
    { name: "a zero byte before the signature", token: resigned(token, header, Buffer.concat([Buffer.of(0), bytes])) },
    { name: "a byte after the signature", token: resigned(token, header, Buffer.concat([bytes, Buffer.of(0)])) },
    { name: "a signature cut short", token: resigned(token, header, bytes.subarray(1)) },
    { name: "a signature of zeros", token: resigned(token, header, Buffer.alloc(bytes.length)) },
    {
      name: "a signature of one",
      token: resigned(token, header, Buffer.concat([Buffer.alloc(bytes.length - 1), Buffer.of(1)])),
    },
    {
      name: "a header in another order",
      token: resigned(token, Object.fromEntries(Object.entries(header).toReversed())),
    },
    {
      name: "a header with white space",
      token: `${Buffer.from(` ${JSON.stringify(header)}`).toString("base64url")}.${payload}.${signature}`,
    },
    {
      name: "another's name, the old signature",
      token: `${encodedHeader}.${encode({ ...original, sub: "thief" })}.${signature}`,
    },
    {
      name: "a later end, the old signature",
      token: `${encodedHeader}.${encode({ ...original, exp: Number(original["exp"]) + 1 })}.${signature}`,
    },
    { name: "as an encrypted token has five parts", token: `${token}.${payload}.${signature}` },
    {
      name: "a payload that is no JSON",
      token: signed(header, Buffer.from("x").toString("base64url"), stranger.privateKey),
    },
  ];
}

/** Tokens that are in order, for something else. */
export function otherTokens({ token, signer, stranger }: MutationOptions): Mutation[] {
  const { header, payload, claims: original } = partsOf(token);
  const project = "demo-cliscale";
  const idToken = encode({
    iss: `https://securetoken.google.com/${project}`,
    aud: project,
    auth_time: original["iat"],
    user_id: original["sub"],
    sub: original["sub"],
    iat: original["iat"],
    exp: Number(original["iat"]) + 3600,
    firebase: { identities: {}, sign_in_provider: "password" },
  });
  return [
    ...["JWT", "at+jwt", "attach+JWT", "application/attach+jwt", undefined, null, "", ["attach+jwt"]].map((typ) => ({
      name: `typ ${JSON.stringify(typ)}`,
      token: signed({ ...header, typ }, payload, signer.privateKey),
    })),
    {
      name: "a Firebase ID token",
      token: signed(
        { alg: "RS256", kid: "0b8f2c3a4d5e6f708192a3b4c5d6e7f801234567", typ: "JWT" },
        idToken,
        stranger.privateKey,
      ),
    },
    { name: "a Firebase ID token of the Auth emulator", token: `${encode({ alg: "none", typ: "JWT" })}.${idToken}.` },
    { name: "a Firebase ID token under our header and key", token: signed(header, idToken, signer.privateKey) },
  ];
}

import { constants, createHmac, sign } from "node:crypto";
import { encode, type Part, partsOf, resigned, secretsOf, signed } from "./jws.ts";
import type { Mutation, MutationOptions } from "./mutation.ts";

/** Another algorithm: RFC 8725 §2.1 and §3.1. */
export function algorithms({ token, signer }: MutationOptions): Mutation[] {
  const { header, payload, signature } = partsOf(token);
  const withAlg = (alg: unknown) => encode({ ...header, alg });
  const unsigned = ["none", "None", "NONE", "nOnE", ""].flatMap((alg) => [
    { name: `alg ${alg || "empty"}, no signature`, token: `${withAlg(alg)}.${payload}.` },
    { name: `alg ${alg || "empty"}, the old signature`, token: `${withAlg(alg)}.${payload}.${signature}` },
  ]);
  const hmac = Object.entries(secretsOf(signer)).flatMap(([form, secret]) =>
    [256, 384, 512].map((bits) => {
      const input = `${withAlg(`HS${bits}`)}.${payload}`;
      const mac = createHmac(`sha${bits}`, secret).update(input).digest("base64url");
      return { name: `HS${bits} with the public key as ${form}`, token: `${input}.${mac}` };
    }),
  );
  const others = ["RS384", "RS512", "PS256", "ES256", "EdDSA", "rs256", "RS256 ", ["RS256"], null, 1].map((alg) => ({
    name: `alg ${JSON.stringify(alg)}, signed with RS256`,
    token: signed({ ...header, alg }, payload, signer.privateKey),
  }));
  const pss = `${withAlg("PS256")}.${payload}`;
  const pssSignature = sign("sha256", Buffer.from(pss), {
    key: signer.privateKey,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: 32,
  });
  return [
    ...unsigned,
    ...hmac,
    ...others,
    { name: "PS256, signed so", token: `${pss}.${pssSignature.toString("base64url")}` },
    { name: "no alg", token: signed({ ...header, alg: undefined }, payload, signer.privateKey) },
  ];
}

/** Key ids that are paths, statements, commands or lists, or somebody else's. */
export function keyIds({ token, signer, colleague, stranger }: MutationOptions): Mutation[] {
  const { header, payload } = partsOf(token);
  const wrong = [
    "../../../../dev/null",
    "/proc/sys/kernel/randomize_va_space",
    "x' union select 'secret' --",
    "| id",
    "http://127.0.0.1/",
    `${signer.kid}\0`,
    `${signer.kid} `,
    "",
    "__proto__",
    [signer.kid],
    { kid: signer.kid },
    null,
    0,
    "A".repeat(10_000),
    undefined,
  ];
  return [
    ...wrong.map((kid) => ({
      name: `kid ${JSON.stringify(kid)}`.slice(0, 40),
      token: signed({ ...header, kid }, payload, signer.privateKey),
    })),
    {
      name: "kid of another key of the list",
      token: signed({ ...header, kid: colleague.kid }, payload, signer.privateKey),
    },
    { name: "signed by another key of the list", token: signed(header, payload, colleague.privateKey) },
    { name: "signed by a stranger under our kid", token: signed(header, payload, stranger.privateKey) },
  ].filter(({ token: changed }) => changed !== token);
}

/** A key that the token brings along, or says where to get: RFC 8725 §3.10. */
export function foreignKeys({ token, signer, stranger, canary }: MutationOptions): Mutation[] {
  const { header, payload } = partsOf(token);
  const brought: Part = {
    jku: canary,
    x5u: canary,
    jwk: stranger.jwk,
    x5c: [Buffer.from("certificate").toString("base64")],
    x5t: "AAAA",
    "x5t#S256": "AAAA",
  };
  return Object.entries(brought).flatMap(([name, value]) => [
    { name: `${name}, a stranger's`, token: signed({ ...header, [name]: value }, payload, stranger.privateKey) },
    { name: `${name}, under our own key`, token: signed({ ...header, [name]: value }, payload, signer.privateKey) },
    { name: `${name}, the old signature`, token: resigned(token, { ...header, [name]: value }) },
  ]);
}

/** Extensions that change what is verified: RFC 7515 §4.1.11, RFC 7797. */
export function extensions({ token, signer }: MutationOptions): Mutation[] {
  const { header, payload } = partsOf(token);
  const rawPayload = Buffer.from(payload, "base64url").toString();
  const headers: Record<string, Part> = {
    "crit of nothing": { crit: [] },
    "crit of what is there": { crit: ["exp"], exp: 1 },
    "crit of what nobody knows": { crit: ["cliscale"], cliscale: true },
    "crit that is no list": { crit: "b64" },
    "b64 false": { b64: false },
    "b64 true": { b64: true },
    "b64 false, critical": { b64: false, crit: ["b64"] },
    "b64 true, critical": { b64: true, crit: ["b64"] },
    zip: { zip: "DEF" },
    "cty JWT": { cty: "JWT" },
    "enc, as an encrypted token has": { enc: "A256GCM" },
  };
  return [
    ...Object.entries(headers).map(([name, change]) => ({
      name,
      token: signed({ ...header, ...change }, payload, signer.privateKey),
    })),
    {
      name: "b64 false, over the payload as it is",
      token: `${encode({ ...header, b64: false, crit: ["b64"] })}.${payload}.${sign(
        "sha256",
        Buffer.from(`${encode({ ...header, b64: false, crit: ["b64"] })}.${rawPayload}`),
        signer.privateKey,
      ).toString("base64url")}`,
    },
  ];
}

import assert from "node:assert/strict";
import { createHmac, createPublicKey, sign } from "node:crypto";
import { after, before, suite, test } from "node:test";
import { Keys } from "../src/token/keys.ts";
import { InvalidToken, verifyAttachToken } from "../src/token/verify.ts";
import { recordingLogger } from "./support/logger.ts";
import { createSigner, defaultClaims, issuer, type JwksServer, type Signer, startJwks } from "./support/signer.ts";

let signer: Signer;
let stranger: Signer;
let jwks: JwksServer;
let keys: Keys;

before(async () => {
  [signer, stranger] = await Promise.all([createSigner(), createSigner()]);
  jwks = await startJwks([signer.jwk]);
  keys = new Keys({ url: jwks.url, logger: recordingLogger().logger });
  await keys.start();
});

after(async () => {
  keys.stop();
  await jwks.stop();
});

const verify = (token: string, now?: number) =>
  verifyAttachToken(token, { keys, issuer, ...(now !== undefined && { now: () => now }) });
const isRefused = (token: string, now?: number) => assert.rejects(verify(token, now), InvalidToken);

test("a token that is in order is accepted with its claims", async () => {
  const claims = defaultClaims();
  assert.deepEqual(await verify(await signer.token(claims)), claims);
});

suite("the header of a token cannot choose how it is verified", () => {
  const headers: Record<string, Record<string, unknown>> = {
    "another type": { typ: "JWT" },
    "no type": { typ: undefined },
    "no key id": { kid: undefined },
    "a path as key id": { kid: "../../etc/passwd" },
    "a list as key id": { kid: ["a"] },
    "a key id that is a statement": { kid: "x' or '1'='1" },
  };
  for (const [name, header] of Object.entries(headers)) {
    test(name, async () => isRefused(await signer.token({}, header)));
  }

  test("critical parameters", async () => {
    for (const crit of [["exp"], ["b64"], []]) {
      await isRefused(signedBy(signer, { crit, b64: true, exp: 1 }));
    }
  });

  test("a key of its own, or an address of one", async () => {
    const requests = jwks.requests;
    const header = { jwk: stranger.jwk, jku: jwks.url, x5u: jwks.url, x5c: ["MII="] };
    await isRefused(await stranger.token({}, { ...header, kid: signer.kid }));
    for (const [name, value] of Object.entries(header)) await isRefused(await signer.token({}, { [name]: value }));
    assert.equal(jwks.requests, requests);
  });

  test("the public key as an HMAC secret, no algorithm, another algorithm", async () => {
    const pem = createPublicKey({ key: signer.jwk, format: "jwk" }).export({ type: "spki", format: "pem" });
    const hmac = (input: string) => createHmac("sha256", pem).update(input).digest();
    await isRefused(assembled({ ...goodHeader(), alg: "HS256" }, hmac));
    await isRefused(assembled({ ...goodHeader(), alg: "none" }, () => Buffer.from("x")));
    await isRefused(assembled({ ...goodHeader(), alg: "none" }, () => Buffer.alloc(0)));
    for (const alg of ["RS512", "PS256", "rs256", "ES256"]) await isRefused(signedBy(signer, { alg }));
  });
});

suite("every claim is required and checked", () => {
  const now = Math.floor(Date.now() / 1000);
  const wrong: Record<string, Record<string, unknown>> = {
    "another issuer": { iss: "https://other.test" },
    "another audience": { aud: "cliscale-other" },
    "an audience among others": { aud: ["cliscale-gateway", "other"] },
    "no subject": { sub: undefined },
    "an empty subject": { sub: "" },
    "no session": { sid: undefined },
    "a session that is no UUID": { sid: "1" },
    "no jti": { jti: undefined },
    "no iat": { iat: undefined },
    "no nbf": { nbf: undefined },
    "no exp": { exp: undefined },
    "exp as text": { exp: String(now + 60) },
    expired: { iat: now - 120, nbf: now - 120, exp: now - 10 },
    "not yet valid": { nbf: now + 30 },
    "issued in the future": { iat: now + 30, nbf: now },
    "issued for more than 600 s": { iat: now, nbf: now, exp: now + 602 },
  };
  for (const [name, claims] of Object.entries(wrong)) {
    test(name, async () => isRefused(await signer.token(claims)));
  }

  test("the clock decides, with five seconds of tolerance", async () => {
    const token = await signer.token({ iat: 1_000_000, nbf: 1_000_000, exp: 1_000_600 });
    await verify(token, 1_000_604_000);
    await isRefused(token, 1_000_606_000);
    await verify(token, 999_996_000);
    await isRefused(token, 999_994_000);
  });
});

suite("a token has one spelling", () => {
  test("decoders forgive what is refused here", async () => {
    const token = await signer.token();
    const [header, payload, signature] = token.split(".") as [string, string, string];
    const spellings = [
      `${token}==`,
      `${token} `,
      `\n${token}`,
      `${token}.`,
      `${header}.${payload}`,
      `${header}.${payload}.`,
      `${header}..${signature}`,
      `${header}.${payload}.${signature.replaceAll("-", "+")}+`,
      "",
    ];
    for (const spelling of spellings) await isRefused(spelling);
  });

  test("the spare bits of the signature's last character", async () => {
    const token = await signer.token();
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const last = alphabet.indexOf(token.at(-1)!);
    const twins = Array.from(alphabet).filter((_, index) => index >> 4 === last >> 4 && index !== last);
    assert.equal(twins.length, 15);
    for (const twin of twins) {
      const respelled = token.slice(0, -1) + twin;
      assert.ok(
        Buffer.from(respelled.split(".")[2]!, "base64url").equals(Buffer.from(token.split(".")[2]!, "base64url")),
      );
      await isRefused(respelled);
    }
  });

  test("any other change breaks the signature", async () => {
    const token = await signer.token();
    for (let index = 0; index < token.length; index += 7) {
      if (token[index] === ".") continue;
      const other = token[index] === "A" ? "B" : "A";
      await isRefused(token.slice(0, index) + other + token.slice(index + 1));
    }
    await isRefused(await stranger.token());
  });
});

function goodHeader() {
  return { alg: "RS256", typ: "attach+jwt", kid: signer.kid };
}

/** Signed as it should be, under a header that jose would refuse to write. */
function signedBy({ privateKey }: Signer, header: Record<string, unknown>): string {
  return assembled({ ...goodHeader(), ...header }, (input) => sign("sha256", Buffer.from(input), privateKey));
}

function assembled(header: object, signatureOf: (input: string) => Buffer): string {
  const input = `${encode(header)}.${encode(defaultClaims())}`;
  return `${input}.${signatureOf(input).toString("base64url")}`;
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}

// Who gets past the door of the deployed callables. The emulators let unsigned tokens in, so this runs without them:
// the functions as they are deployed, and firebase-admin as it is.
import assert from "node:assert/strict";
import { createHmac, createPublicKey, randomUUID } from "node:crypto";
import { after, before, beforeEach, suite, test } from "node:test";
import type { JWTPayload } from "jose";
import { type Certified, selfCertified } from "./support/certificate.ts";
import { type Door, kid, origin, project, startDoor } from "./support/door.ts";
import { assembleJwt, idTokenClaims, signIdToken } from "./support/idToken.ts";

const uid = "ada";

let door: Door;
let stranger: Certified;

before(async () => {
  [door, stranger] = await Promise.all([startDoor(), selfCertified()]);
});

after(() => door.stop());

beforeEach(() => {
  door.google.identityToolkit = "answers";
  door.google.lookups.length = 0;
  door.google.users = new Map([[uid, {}]]);
});

const claims = (changes: JWTPayload = {}) => ({ ...idTokenClaims(project, uid), ...changes });
const without = (name: keyof ReturnType<typeof claims>): JWTPayload => {
  const { [name]: _left, ...rest } = claims();
  return rest;
};
const rs256 = { alg: "RS256", typ: "JWT", kid };
const hs256 = { ...rs256, alg: "HS256" };
const publicKey = () => createPublicKey(door.key.certificate).export({ type: "spki", format: "pem" });
const hmac = (secret: string | Buffer) => (signed: string) => createHmac("sha256", secret).update(signed).digest();
const unsigned = () => Buffer.alloc(0);
const signed = (payload: JWTPayload, by = door.key, withKid = kid) => signIdToken(payload, by.keys.privateKey, withKid);
const goodToken = (changes?: JWTPayload) => signed(claims(changes));
const nowSeconds = () => Math.floor(Date.now() / 1000);
const unknownSession = { sessionId: randomUUID() };
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** Asks for a session that does not exist: `not-found` is the handler's own answer, from the database. */
async function knock(headers: Record<string, string>, name = "getSession"): Promise<string | undefined> {
  return (await door.server.call(name, unknownSession, headers)).error?.status;
}

suite("A token that is in order", () => {
  test("reaches the handler", async () => {
    assert.equal(await knock(bearer(await goodToken())), "NOT_FOUND");
  });

  test("reaches the handler from a page of our own", async () => {
    assert.equal(await knock({ ...bearer(await goodToken()), origin }), "NOT_FOUND");
  });

  test("is refused from a page of another origin", async () => {
    const headers = { ...bearer(await goodToken()), origin: "https://evil.test" };
    assert.equal(await knock(headers), "PERMISSION_DENIED");
  });

  test("is looked up at Firebase Authentication only by the calls that check revocation", async () => {
    await knock(bearer(await goodToken()));
    assert.deepEqual(door.google.lookups, []);
    assert.equal(await knock(bearer(await goodToken()), "attachSession"), "NOT_FOUND");
    assert.deepEqual(door.google.lookups, [uid]);
  });

  test("is accepted when a clock is a little ahead", async () => {
    const soon = nowSeconds() + 20;
    assert.equal(await knock(bearer(await goodToken({ iat: soon, auth_time: soon }))), "NOT_FOUND");
  });
});

suite("A token that is not in order is refused:", () => {
  const cases: Record<string, () => string | Promise<string>> = {
    "alg none": () => assembleJwt({ alg: "none", typ: "JWT", kid }, claims(), unsigned),
    "alg none without a kid, as the emulators make it": () =>
      assembleJwt({ alg: "none", typ: "JWT" }, claims(), unsigned),
    "no signature": () => assembleJwt(rs256, claims(), unsigned),
    "HS256 with the public key as the secret": () => assembleJwt(hs256, claims(), hmac(publicKey())),
    "HS256 with the certificate as the secret": () => assembleJwt(hs256, claims(), hmac(door.key.certificate)),
    "RS256 by another key under the same kid": () => signed(claims(), stranger),
    "an unknown kid": () => signed(claims(), door.key, "key-2"),
    "a kid that every object has": () => signed(claims(), door.key, "constructor"),
    "claims changed after signing": async () => {
      const [header, , signature] = (await goodToken()).split(".");
      const changed = Buffer.from(JSON.stringify(claims({ sub: "eve" }))).toString("base64url");
      return `${header}.${changed}.${signature}`;
    },
    "another project's audience": () => goodToken({ aud: "another-project" }),
    "our project among several audiences": () => goodToken({ aud: [project, "another-project"] }),
    "another project's issuer": () => goodToken({ iss: "https://securetoken.google.com/another-project" }),
    "the issuer of session cookies": () => goodToken({ iss: `https://session.firebase.google.com/${project}` }),
    expired: () => goodToken({ iat: nowSeconds() - 3601, exp: nowSeconds() - 1 }),
    "no expiry": () => signed(without("exp")),
    "issued in the future": () => goodToken({ iat: nowSeconds() + 600 }),
    "no time of issue": () => signed(without("iat")),
    "signed in in the future": () => goodToken({ auth_time: nowSeconds() + 600 }),
    "no time of signing in": () => signed(without("auth_time")),
    "not yet valid": () => goodToken({ nbf: nowSeconds() + 600 }),
    "no subject": () => signed(without("sub")),
    "an empty subject": () => goodToken({ sub: "" }),
    "a subject longer than a uid can be": () => goodToken({ sub: "a".repeat(129) }),
    "a custom token": () =>
      goodToken({
        aud: "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit",
        iss: `firebase@${project}.iam.gserviceaccount.com`,
        sub: `firebase@${project}.iam.gserviceaccount.com`,
        uid,
      }),
    garbage: () => "garbage",
    "three parts of garbage": () => "gar.ba.ge",
    "nothing after Bearer": () => "",
  };
  for (const [name, make] of Object.entries(cases)) {
    test(name, async () => {
      assert.equal(await knock(bearer(await make())), "UNAUTHENTICATED");
    });
  }

  test("no Authorization at all", async () => {
    assert.equal(await knock({}), "UNAUTHENTICATED");
  });

  test("a good token under another scheme", async () => {
    assert.equal(await knock({ authorization: `Basic ${await goodToken()}` }), "UNAUTHENTICATED");
  });

  test("the uid in the headers of the first generation's debug mode", async () => {
    const auth = encodeURIComponent(JSON.stringify({ uid, token: claims() }));
    assert.equal(await knock({ "x-callable-context-auth": auth }), "UNAUTHENTICATED");
  });
});

suite("A user who may no longer sign in is refused at once", () => {
  const inputs = {
    createSession: { bundle: { source: "template:shell" }, requestId: randomUUID() },
    attachSession: unknownSession,
  };
  const reasons: Record<string, { user?: { disabled?: boolean; validSince?: string }; message: RegExp }> = {
    revoked: { user: { validSince: String(nowSeconds() + 1) }, message: /revoked.*Sign in again/ },
    disabled: { user: { disabled: true }, message: /disabled/ },
    deleted: { message: /no longer exists/ },
  };
  for (const [name, input] of Object.entries(inputs)) {
    for (const [reason, { user, message }] of Object.entries(reasons)) {
      test(`${reason}, by ${name}`, async () => {
        door.google.users = new Map(user ? [[uid, user]] : []);
        const { status, error } = await door.server.call(name, input, bearer(await goodToken()));
        assert.equal(status, 401);
        assert.equal(error?.status, "UNAUTHENTICATED");
        assert.match(error.message, message);
      });
    }
  }

  test("and may come back after signing in again", async () => {
    door.google.users.set(uid, { validSince: String(nowSeconds() - 30) });
    assert.equal(await knock(bearer(await goodToken()), "attachSession"), "UNAUTHENTICATED");
    const again = bearer(await goodToken({ auth_time: nowSeconds() - 10 }));
    assert.equal(await knock(again, "attachSession"), "NOT_FOUND");
  });
});

suite("When Firebase Authentication cannot be asked", () => {
  test("the calls that check revocation are unavailable, the others go on", async () => {
    door.google.identityToolkit = "fails";
    const { error } = await door.server.call("attachSession", unknownSession, bearer(await goodToken()));
    assert.equal(error?.status, "UNAVAILABLE");
    assert.match(error.message, /cannot be checked\. Try again/);
    assert.equal(await knock(bearer(await goodToken())), "NOT_FOUND");
  });

  test("the check gives up at its deadline", async () => {
    door.google.identityToolkit = "is silent";
    const { refuseRevoked } = await import("../src/http/revocation.ts");
    await assert.rejects(refuseRevoked(await goodToken(), 100), { code: "unavailable" });
  });
});

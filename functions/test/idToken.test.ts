// Who gets past the door of the deployed callables. The emulators let unsigned tokens in, so this runs without them:
// the functions as they are deployed, firebase-admin as it is, and Google's two services played on a port of the test's.
import assert from "node:assert/strict";
import { createHmac, createPublicKey, randomUUID } from "node:crypto";
import { after, before, beforeEach, suite, test } from "node:test";
import { startTestDatabase, type TestDatabase } from "@cliscale/local/testing";
import { deleteApp, initializeApp } from "firebase-admin/app";
import type { JWTPayload } from "jose";
import { type CallableServer, serveCallables } from "./support/callableServer.ts";
import { type Certified, selfCertified } from "./support/certificate.ts";
import { type Google, startGoogle } from "./support/google.ts";
import { assembleJwt, idTokenClaims, signIdToken } from "./support/idToken.ts";

const project = "id-token-test";
const origin = "https://terminal.test";
const kid = "key-1";
const uid = "ada";

let google: Google;
let database: TestDatabase;
let server: CallableServer;
let key: Certified;
let stranger: Certified;
let app: ReturnType<typeof initializeApp>;

before(async () => {
  [google, database, key, stranger] = await Promise.all([
    startGoogle(project),
    startTestDatabase(),
    selfCertified(),
    selfCertified(),
  ]);
  google.certificates[kid] = key.certificate;
  // firebase-functions uses the default app where there is one.
  app = initializeApp({
    projectId: project,
    httpAgent: google.agent,
    credential: { getAccessToken: async () => ({ access_token: "test", expires_in: 3600 }) },
  });
  Object.assign(process.env, settings());
  server = await serveCallables(await import("../src/index.ts"));
});

after(async () => {
  const { loadDeps } = await import("../src/deps.ts");
  await Promise.allSettled([server.stop(), loadDeps().then(({ pool }) => pool.end()), deleteApp(app)]);
  await Promise.all([google.stop(), database.remove()]);
});

beforeEach(() => {
  google.identityToolkit = "answers";
  google.lookups.length = 0;
  google.users = new Map([[uid, {}]]);
});

function settings(): Record<string, string> {
  return {
    FIREBASE_CONFIG: JSON.stringify({ projectId: project }),
    GCLOUD_PROJECT: project,
    // Google's clients look for a metadata server otherwise.
    METADATA_SERVER_DETECTION: "none",
    CLISCALE_DATABASE_URL: database.url,
    CLISCALE_SIGNING_KEY: `projects/${project}/locations/us-central1/keyRings/cliscale/cryptoKeys/attach`,
    CLISCALE_KMS_ENDPOINT: "http://127.0.0.1:1",
    CLISCALE_SCHEDULER_ENDPOINT: "http://127.0.0.1:1",
    CLISCALE_KUBERNETES_ENDPOINT: "http://127.0.0.1:1",
    CLISCALE_RUNNER_IMAGE: "runner",
    CLISCALE_GATEWAY_URL: "ws://127.0.0.1:1",
    CLISCALE_TOKEN_ISSUER: "https://issuer.test",
    CLISCALE_ALLOWED_ORIGINS: origin,
  };
}

const claims = (changes: JWTPayload = {}) => ({ ...idTokenClaims(project, uid), ...changes });
const without = (name: keyof ReturnType<typeof claims>): JWTPayload => {
  const { [name]: _left, ...rest } = claims();
  return rest;
};
const rs256 = { alg: "RS256", typ: "JWT", kid };
const hs256 = { ...rs256, alg: "HS256" };
const publicKey = () => createPublicKey(key.certificate).export({ type: "spki", format: "pem" });
const hmac = (secret: string | Buffer) => (signed: string) => createHmac("sha256", secret).update(signed).digest();
const unsigned = () => Buffer.alloc(0);
const signed = (payload: JWTPayload, by = key, withKid = kid) => signIdToken(payload, by.keys.privateKey, withKid);
const goodToken = (changes?: JWTPayload) => signed(claims(changes));
const nowSeconds = () => Math.floor(Date.now() / 1000);
const unknownSession = { sessionId: randomUUID() };
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** Asks for a session that does not exist: `not-found` is the handler's own answer, from the database. */
async function knock(headers: Record<string, string>, name = "getSession"): Promise<string | undefined> {
  return (await server.call(name, unknownSession, headers)).error?.status;
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
    assert.deepEqual(google.lookups, []);
    assert.equal(await knock(bearer(await goodToken()), "attachSession"), "NOT_FOUND");
    assert.deepEqual(google.lookups, [uid]);
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
    "HS256 with the certificate as the secret": () => assembleJwt(hs256, claims(), hmac(key.certificate)),
    "RS256 by another key under the same kid": () => signed(claims(), stranger),
    "an unknown kid": () => signed(claims(), key, "key-2"),
    "a kid that every object has": () => signed(claims(), key, "constructor"),
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
        google.users = new Map(user ? [[uid, user]] : []);
        const { status, error } = await server.call(name, input, bearer(await goodToken()));
        assert.equal(status, 401);
        assert.equal(error?.status, "UNAUTHENTICATED");
        assert.match(error.message, message);
      });
    }
  }

  test("and may come back after signing in again", async () => {
    google.users.set(uid, { validSince: String(nowSeconds() - 30) });
    assert.equal(await knock(bearer(await goodToken()), "attachSession"), "UNAUTHENTICATED");
    const again = bearer(await goodToken({ auth_time: nowSeconds() - 10 }));
    assert.equal(await knock(again, "attachSession"), "NOT_FOUND");
  });
});

suite("When Firebase Authentication cannot be asked", () => {
  test("the calls that check revocation are unavailable, the others go on", async () => {
    google.identityToolkit = "fails";
    const { error } = await server.call("attachSession", unknownSession, bearer(await goodToken()));
    assert.equal(error?.status, "UNAVAILABLE");
    assert.match(error.message, /cannot be checked\. Try again/);
    assert.equal(await knock(bearer(await goodToken())), "NOT_FOUND");
  });

  test("the check gives up at its deadline", async () => {
    google.identityToolkit = "is silent";
    const { refuseRevoked } = await import("../src/http/revocation.ts");
    await assert.rejects(refuseRevoked(await goodToken(), 100), { code: "unavailable" });
  });
});

// Who may start sessions, by real ID tokens at the door of the deployed callables. Kubernetes is out of reach there: whoever may
// start is told that it is, and nothing else.
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { JWTPayload } from "jose";
import { requireMayStart } from "../src/sessions/mayStart.ts";
import { type Door, kid, project, startDoor } from "./support/door.ts";
import { idTokenClaims, signIdToken } from "./support/idToken.ts";

let door: Door;

before(async () => {
  door = await startDoor({
    CLISCALE_ALLOWED_USERS: "Ada@Example.com, @allowed.example, claim:tester",
    CLISCALE_CREATES_PER_MINUTE: "1000",
  });
  door.google.users = new Map([["ada", {}]]);
});
after(() => door.stop());

async function create(claims: JWTPayload) {
  const token = await signIdToken({ ...idTokenClaims(project, "ada"), ...claims }, door.key.keys.privateKey, kid);
  const { error } = await door.server.call(
    "createSession",
    { bundle: { source: "template:shell" } },
    { authorization: `Bearer ${token}` },
  );
  return error!;
}

const verified = (email: string) => ({ email, email_verified: true });

suite("createSession, where CLISCALE_ALLOWED_USERS says who may start", () => {
  const allowed: JWTPayload[] = [
    verified("ada@example.com"),
    verified("ADA@EXAMPLE.COM"),
    verified("eve@allowed.example"),
    { tester: true },
    { tester: "yes" },
  ];
  for (const claims of allowed) {
    test(`takes ${JSON.stringify(claims)}`, async () => {
      assert.equal((await create(claims)).status, "UNAVAILABLE");
    });
  }

  const strangers: JWTPayload[] = [
    {},
    verified("eve@example.com"),
    verified("eve@sub.allowed.example"),
    verified("eve@notallowed.example"),
    verified("@allowed.example@evil.example"),
    { tester: false },
    { tester: null },
    { email_verified: true },
  ];
  for (const claims of strangers) {
    test(`refuses ${JSON.stringify(claims)}, and says what to ask for`, async () => {
      const { status, message, details } = await create(claims);
      assert.deepEqual([status, details], ["PERMISSION_DENIED", undefined]);
      assert.match(message, /Ask the operator to allow your e-mail address.*CLISCALE_ALLOWED_USERS/);
    });
  }

  const unverified: JWTPayload[] = [
    { email: "ada@example.com" },
    { email: "eve@allowed.example", email_verified: false },
    { email: "ada@example.com", email_verified: "true" },
  ];
  for (const claims of unverified) {
    test(`refuses ${JSON.stringify(claims)}, and asks for the verification`, async () => {
      const { status, message, details } = await create(claims);
      assert.deepEqual([status, details], ["PERMISSION_DENIED", { verifyEmail: true }]);
      assert.match(message, /Verify it/);
    });
  }
});

test("nobody is who may start where nothing is set, and * is everybody", () => {
  assert.throws(() => requireMayStart([], verified("ada@example.com")), { code: "permission-denied" });
  assert.throws(() => requireMayStart(["claim:constructor"], {}), { code: "permission-denied" });
  assert.doesNotThrow(() => requireMayStart(["*"], {}));
});

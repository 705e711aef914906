import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { EnvironmentError } from "@cliscale/service/environment";
import { declaredParams } from "firebase-functions/params";
import { readSettings, settingFields } from "../src/settings.ts";
import { loadFunctions } from "./support/loadFunctions.ts";

/** What `firebase deploy` reads of a param; the package keeps it out of its types. */
interface DeclaredParam {
  toSpec(): { name: string; default?: unknown; description?: string };
}

const good = {
  CLISCALE_DATABASE_URL: "postgres://127.0.0.1/cliscale",
  CLISCALE_SIGNING_KEY: "projects/p/locations/us-central1/keyRings/cliscale/cryptoKeys/attach",
  CLISCALE_KUBERNETES_ENDPOINT: "https://gke.example.com",
  CLISCALE_RUNNER_IMAGE: "runner@sha256:00",
  CLISCALE_GATEWAY_URL: "wss://gateway.example.com",
  CLISCALE_TOKEN_ISSUER: "https://cliscale.example.com",
  CLISCALE_ALLOWED_ORIGINS: "https://a.example.com, https://b.example.com",
};

/** What is said to be wrong. */
function refusalOf(env: Record<string, string>): string {
  try {
    readSettings(env);
  } catch (error) {
    assert.ok(error instanceof EnvironmentError);
    return error.message;
  }
  return "";
}

/** The settings that a refusal names, one a line. */
const namesIn = (refusal: string) => [...refusal.matchAll(/^ {2}(\w+):/gm)].map(([, name]) => name!);

const sorted = (names: string[]) => names.toSorted((a, b) => a.localeCompare(b));

suite("The functions' settings", () => {
  test("are read with their defaults", () => {
    const settings = readSettings(good);
    assert.deepEqual(settings.allowedOrigins, ["https://a.example.com", "https://b.example.com"]);
    assert.equal(settings.lifetimeDefaultSeconds, 3600);
    assert.equal(settings.lifetimeMaxSeconds, 28_800);
    assert.equal(settings.idleDefaultSeconds, 1800);
    assert.deepEqual(settings.limits, {
      sessionsPerUser: 5,
      sessionsTotal: 100,
      queueTotal: 1000,
      createsPerMinute: 10,
    });
    assert.deepEqual(settings.allowedUsers, []);
    assert.equal(settings.signingKey.endpoint, "https://cloudkms.googleapis.com");
  });

  test("that are missing are all named", () => {
    assert.deepEqual(sorted(namesIn(refusalOf({}))), sorted(Object.keys(good)));
  });

  test("that are wrong are all named, without their values", () => {
    const wrong = {
      CLISCALE_DATABASE_URL: "mysql://user:canary@host/db",
      CLISCALE_SIGNING_KEY: "canary",
      CLISCALE_KMS_ENDPOINT: "ftp://canary",
      CLISCALE_GATEWAY_URL: "https://canary",
      CLISCALE_ALLOWED_ORIGINS: "https://canary/path",
      CLISCALE_LIFETIME_DEFAULT_SECONDS: "59",
      CLISCALE_LIFETIME_MAX_SECONDS: "1h",
      CLISCALE_IDLE_DEFAULT_SECONDS: "9",
      CLISCALE_SESSIONS_PER_USER: "-1",
      CLISCALE_SESSIONS_TOTAL: "0",
      CLISCALE_CREATES_PER_MINUTE: "many",
      CLISCALE_ALLOWED_USERS: "ada@example.com, canary",
    };
    const refusal = refusalOf({ ...good, ...wrong });
    assert.deepEqual(sorted(namesIn(refusal)), sorted(Object.keys(wrong)));
    assert.ok(!refusal.includes("canary"));
  });

  test("a default lifetime above the longest one is refused", () => {
    const env = { ...good, CLISCALE_LIFETIME_DEFAULT_SECONDS: "7200", CLISCALE_LIFETIME_MAX_SECONDS: "3600" };
    assert.throws(() => readSettings(env), /CLISCALE_LIFETIME_DEFAULT_SECONDS must not be more/);
  });

  test("are the params that `firebase deploy` asks for, with the same defaults", async () => {
    await import("../src/params.ts");
    const declared = declaredParams.map((param) => (param as unknown as DeclaredParam).toSpec());
    assert.deepEqual(sorted(declared.map(({ name }) => name)), sorted(Object.keys(settingFields)));
    const withoutDefault = declared.filter((spec) => spec.default === undefined).map(({ name }) => name);
    assert.deepEqual(sorted(withoutDefault), sorted(Object.keys(good)));
    assert.ok(declared.every(({ description, name }) => description && description !== name));
  });

  test("that are wrong keep an instance from starting, and not `firebase deploy` from listing the functions", async () => {
    const serving = { FUNCTION_TARGET: "createSession" };
    await loadFunctions({});
    await loadFunctions({ ...good, ...serving });
    const wrong = loadFunctions({ ...good, ...serving, CLISCALE_GATEWAY_URL: "", CLISCALE_RUNNER_IMAGE: "" });
    await assert.rejects(wrong, /CLISCALE_RUNNER_IMAGE: must not be empty\n\s+CLISCALE_GATEWAY_URL: must be a URL/);
  });
});

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type Check, runChecks } from "../src/doctor/check.ts";
import { examine } from "../src/doctor/doctor.ts";
import { productionCheck } from "../src/doctor/production.ts";
import { readDoctorSettings } from "../src/doctor/settings.ts";

const deployment = {
  GCLOUD_PROJECT: "my-project",
  CLISCALE_DATABASE_URL: "postgres://functions@10.0.0.3/cliscale",
  CLISCALE_GATEWAY_DATABASE_URL: "postgres://gateway@10.0.0.3/cliscale",
  CLISCALE_SIGNING_KEY: "projects/p/locations/l/keyRings/r/cryptoKeys/k",
  CLISCALE_KUBERNETES_ENDPOINT: "https://gke-1.us-central1.gke.goog",
  CLISCALE_RUNNER_IMAGE: `registry.example.com/runner@sha256:${"0".repeat(64)}`,
  CLISCALE_GATEWAY_URL: "wss://gateway.example.com",
  CLISCALE_TOKEN_ISSUER: "https://cliscale.example.com",
  CLISCALE_ALLOWED_ORIGINS: "https://cliscale.example.com",
};

const production = async (changes: NodeJS.ProcessEnv = {}) => {
  const [finding] = await runChecks([productionCheck(readDoctorSettings({ ...deployment, ...changes }))]);
  return finding!;
};

suite("production", () => {
  test("takes settings that are fit for it", async () => {
    assert.equal((await production()).outcome, "ok");
  });

  const unfit: Record<string, [name: string, value: string]> = {
    "bundles from private addresses": ["CLISCALE_BUNDLE_HOSTS", "github.com,private=bundles.example.com:8443"],
    "a runner without a digest": ["CLISCALE_RUNNER_IMAGE", "registry.example.com/runner:1"],
    "sessions without a sandbox": ["CLISCALE_RUNNER_RUNTIME_CLASS", ""],
    "a gateway without TLS": ["CLISCALE_GATEWAY_URL", "ws://gateway.example.com"],
    "a page without TLS": ["CLISCALE_ALLOWED_ORIGINS", "http://cliscale.example.com"],
  };
  for (const [what, [name, value]] of Object.entries(unfit)) {
    test(`refuses ${what}, which a demo project may have`, async () => {
      const finding = await production({ [name]: value });
      assert.equal(finding.outcome, "failed");
      assert.ok(finding.text.startsWith(name), finding.text);
      assert.equal((await production({ [name]: value, GCLOUD_PROJECT: "demo-cliscale" })).outcome, "ok");
    });
  }
});

test("settings that are missing are one line, which names all of them", async () => {
  const [finding, ...others] = await examine({});
  assert.equal(finding!.outcome, "failed");
  assert.match(finding!.text, /CLISCALE_DATABASE_URL.*CLISCALE_SIGNING_KEY/);
  assert.deepEqual(others, []);
});

test("accounts of the project are named by what stands before their @", () => {
  const settings = readDoctorSettings({ ...deployment, CLISCALE_ROTATION_SERVICE_ACCOUNT: "keys@other.example.com" });
  assert.deepEqual(settings.serviceAccounts, {
    functions: "functions@my-project.iam.gserviceaccount.com",
    rotation: "keys@other.example.com",
    gateway: "gateway@my-project.iam.gserviceaccount.com",
  });
});

const check = (name: string, run: () => Promise<string>, more: Partial<Check> = {}): Check => ({
  name,
  run,
  remedy: `mend ${name}`,
  ...more,
});
const well = () => Promise.resolve("well");
const ill = () => Promise.reject(new Error("ill\nand a whole answer", { cause: new Error("deeper") }));

suite("a check", () => {
  test("is not run without what it needs, however far back that is", async () => {
    const findings = await runChecks([
      check("a", ill),
      check("b", well, { needs: ["a"] }),
      check("c", well, { needs: ["b"] }),
      check("d", well),
    ]);
    assert.deepEqual(findings, [
      { name: "a", outcome: "failed", text: "ill: deeper", remedy: "mend a" },
      { name: "b", outcome: "not checked", text: "needs a" },
      { name: "c", outcome: "not checked", text: "needs b" },
      { name: "d", outcome: "ok", text: "well" },
    ]);
  });

  test("is repaired only where that was asked for, and is then run again", async () => {
    let isIll = true;
    const repairs = () => {
      isIll = false;
      return Promise.resolve();
    };
    const mendable = check("a", () => (isIll ? ill() : well()), { repair: repairs });
    assert.equal((await runChecks([mendable]))[0]!.outcome, "failed");
    assert.equal((await runChecks([mendable], { repair: true }))[0]!.outcome, "ok");
    const unmendable = check("b", ill, { repair: () => Promise.reject(new Error("may not")) });
    assert.equal((await runChecks([unmendable], { repair: true }))[0]!.text, "may not");
  });
});

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { contentSecurityPolicy, pageHeaders } from "../headers/index.ts";
import { parseConfiguration } from "../src/configuration.ts";

const plain = {
  firebase: { apiKey: "demo", authDomain: "demo.firebaseapp.com", projectId: "demo", appId: "1:2:web:3" },
  functionsUrl: "https://us-central1-demo.cloudfunctions.net",
  gatewayUrl: "wss://terminal.example.com/",
  terminalImages: false,
};

function policyOf(more: object = {}): Record<string, string[]> {
  const policy = contentSecurityPolicy(parseConfiguration(JSON.stringify({ ...plain, ...more })));
  return Object.fromEntries(
    policy.split("; ").map((directive) => {
      const [name, ...sources] = directive.split(" ");
      return [name, sources];
    }),
  );
}

test("a page with nothing but passwords may talk to its functions, its gateway and Firebase Authentication", () => {
  assert.deepEqual(policyOf(), {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'", "'unsafe-inline'"],
    "img-src": ["'self'"],
    "connect-src": [
      "'self'",
      "https://us-central1-demo.cloudfunctions.net",
      "wss://terminal.example.com",
      "https://identitytoolkit.googleapis.com",
      "https://securetoken.googleapis.com",
    ],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
    "frame-ancestors": ["'none'"],
  });
});

test("each of what is configured adds its own hosts, and nothing else", () => {
  const without = policyOf();
  const google = policyOf({ signIn: ["google", "password"] });
  assert.deepEqual(google, {
    ...without,
    "script-src": ["'self'", "https://apis.google.com"],
    "frame-src": ["https://demo.firebaseapp.com"],
  });
  assert.deepEqual(policyOf({ signIn: ["emailLink"] }), without);
  assert.deepEqual(policyOf({ terminalImages: true }), {
    ...without,
    "script-src": ["'self'", "'wasm-unsafe-eval'"],
  });
  const recaptcha = "https://www.google.com/recaptcha/";
  assert.deepEqual(policyOf({ appCheckSiteKey: "key" }), {
    ...without,
    "script-src": ["'self'", recaptcha, "https://www.gstatic.com/recaptcha/"],
    "frame-src": [recaptcha, "https://recaptcha.google.com/recaptcha/"],
    "connect-src": [...without["connect-src"]!, "https://content-firebaseappcheck.googleapis.com", recaptcha],
  });
});

test("an emulator stands in for Google's hosts, also for the pop-up's frame", () => {
  const policy = policyOf({ authEmulatorUrl: "http://127.0.0.1:9099", signIn: ["google"] });
  assert.deepEqual(policy["connect-src"]!.slice(3), ["http://127.0.0.1:9099"]);
  assert.deepEqual(policy["frame-src"], ["http://127.0.0.1:9099"]);
});

test("no source is wider than a host, and no script may be inline, whatever is configured", () => {
  const policy = policyOf({
    signIn: ["google", "emailLink", "password"],
    appCheckSiteKey: "key",
    terminalImages: true,
  });
  const sources = Object.values(policy).flat();
  const hosts = sources.filter((source) => !source.startsWith("'"));
  for (const host of hosts) assert.match(host, /^(https|wss):\/\/[a-z0-9.-]+(\/recaptcha\/)?$/);
  assert.deepEqual(
    policy["script-src"]!.filter((source) => source.startsWith("'")),
    ["'self'", "'wasm-unsafe-eval'"],
  );
});

test("without the gateway's address there is no policy", () => {
  assert.throws(() => policyOf({ gatewayUrl: undefined }), { message: /gatewayUrl is missing/ });
});

test("a page's headers are those of firebase.json, with the policy of its own", async () => {
  const firebaseJson = await readFile(join(import.meta.dirname, "../../firebase.json"), "utf8");
  const headers = Object.fromEntries(pageHeaders(firebaseJson, "a policy").map(({ key, value }) => [key, value]));
  assert.equal(headers["Content-Security-Policy"], "a policy");
  // With less, the page would lose hold of the window in which Google asks.
  assert.equal(headers["Cross-Origin-Opener-Policy"], "same-origin-allow-popups");
  assert.match(headers["Permissions-Policy"]!, /camera=\(\).*clipboard-write=\(self\)/);
  assert.throws(() => pageHeaders('{ "hosting": { "headers": [] } }', "a policy"), { message: /has no Content-Sec/ });
});

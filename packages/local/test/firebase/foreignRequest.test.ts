import assert from "node:assert/strict";
import { test } from "node:test";
import { isForeign } from "../../src/firebase/foreignRequest.ts";

const own = new Set(["http://127.0.0.1:5000", "http://localhost:5000"]);
const host = "127.0.0.1:5001";

const cases: [what: string, foreign: boolean, method: string, headers: Record<string, string>][] = [
  ["curl", false, "POST", { host }],
  ["our page", false, "POST", { host, origin: "http://127.0.0.1:5000", "sec-fetch-site": "same-site" }],
  ["our page by name", false, "POST", { host, origin: "http://localhost:5000", "sec-fetch-site": "cross-site" }],
  ["an asset of our page", false, "GET", { host, "sec-fetch-site": "same-origin", "sec-fetch-mode": "no-cors" }],
  [
    "a link to our page",
    false,
    "GET",
    { host: "127.0.0.1:5000", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" },
  ],
  ["a link to an emulator", true, "GET", { host, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" }],
  ["a frame of an emulator", true, "GET", { host, "sec-fetch-site": "same-site", "sec-fetch-mode": "navigate" }],
  ["an address typed by a person", false, "GET", { host, "sec-fetch-site": "none", "sec-fetch-mode": "navigate" }],
  ["another page", true, "POST", { host, origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
  ["a page on another port of this machine", true, "POST", { host, origin: "http://127.0.0.1:3000" }],
  ["a page without an origin, such as a sandboxed frame", true, "POST", { host, origin: "null" }],
  ["an image on another page", true, "GET", { host, "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" }],
  [
    "a form on another page, posted as a visit",
    true,
    "POST",
    { host: "127.0.0.1:5000", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" },
  ],
  [
    "a page whose name was made to resolve to this machine",
    true,
    "GET",
    { host: "evil.example:5001", "sec-fetch-site": "same-origin" },
  ],
  ["a request without a host", true, "GET", {}],
];

for (const [what, foreign, method, headers] of cases) {
  test(`${what} is ${foreign ? "refused" : "let through"}`, () => {
    assert.equal(isForeign({ method, headers }, own), foreign);
  });
}

test("the window in which Google would ask is opened from pages of this machine alone, and only to be looked at", () => {
  const visit = (method: string, url: string, site: string, mode = "navigate") =>
    isForeign({ method, url, headers: { host, "sec-fetch-site": site, "sec-fetch-mode": mode } }, own);
  assert.equal(visit("GET", "/emulator/auth/handler?providerId=google.com", "same-site"), false);
  assert.equal(visit("GET", "/emulator/auth/iframe?apiKey=demo", "same-site"), false);
  assert.equal(visit("GET", "/emulator/auth/handler", "cross-site"), true);
  assert.equal(visit("GET", "/emulator/auth/handler", "same-site", "no-cors"), true);
  assert.equal(visit("POST", "/emulator/auth/handler", "same-site"), true);
  assert.equal(visit("GET", "/emulator/action?mode=verifyEmail", "same-site"), true);
});

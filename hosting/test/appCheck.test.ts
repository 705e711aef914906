// Firebase App Check by reCAPTCHA Enterprise, with stand-ins for what Google serves: under the policy of a page that is so configured.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { screenshot } from "@cliscale/e2e/browser";
import { type Stack, openProfile, startStack } from "./support/page.ts";

let stack: Stack;

before(async () => {
  stack = await startStack({ appCheckSiteKey: "site-key" });
});
after(() => stack?.stop());

/** https://cloud.google.com/recaptcha/docs/api-ref-checkbox-keys: what Firebase calls of it. */
const recaptcha = `
  grecaptcha = { enterprise: {
    ready: (callback) => callback(),
    render: (place, { callback }) => {
      grecaptcha.enterprise.pass = callback;
      return 0;
    },
    execute: async () => {
      grecaptcha.enterprise.pass();
      return "recaptcha-response";
    },
  } };
`;

async function signUp(page: Awaited<ReturnType<typeof openProfile>>["page"], email: string) {
  await page.goto(stack.site.url);
  await page.locator("#email").fill(email);
  await page.locator("#password").fill("correct horse");
  await page.locator("#sign-up").click();
}

test("calls carry the token for which reCAPTCHA's answer was exchanged, and nothing of it is blocked", async () => {
  const visit = await openProfile(stack.browser);
  const { context, page, problems } = visit;
  const exchanged: unknown[] = [];
  await context.route("https://www.google.com/recaptcha/enterprise.js**", (route) =>
    route.fulfill({ contentType: "text/javascript", body: recaptcha }),
  );
  await context.route("https://content-firebaseappcheck.googleapis.com/**", async (route) => {
    if (route.request().method() === "POST") exchanged.push(route.request().postDataJSON());
    await route.fulfill({
      headers: { "access-control-allow-origin": "*", "access-control-allow-headers": "*" },
      json: { token: "app-check-token", ttl: "3600s" },
    });
  });
  await signUp(page, "app@example.com");
  await page.locator("#start").waitFor();
  await visit.start("template:shell", "true");
  await visit.until("ended");
  assert.deepEqual(exchanged, [{ recaptcha_enterprise_token: "recaptcha-response" }]);
  const created = stack.backend.calls.find(({ name }) => name === "createSession");
  assert.equal(created?.headers["x-firebase-appcheck"], "app-check-token");
  assert.deepEqual(problems, []);
  await context.close();
});

test("where reCAPTCHA is blocked, or App Check does not vouch for the page, it says so", async () => {
  const visit = await openProfile(stack.browser);
  const { context, page } = visit;
  await context.route("https://www.google.com/recaptcha/**", (route) => route.abort());
  await page.clock.install();
  await signUp(page, "blocked@example.com");
  await page.locator("#start").waitFor();
  const known = stack.backend.runs.length;
  await visit.start("template:shell");
  await page.clock.runFor(16_000);
  await page
    .locator("#error", { hasText: "reCAPTCHA, which has to vouch for this page here, cannot be loaded" })
    .waitFor();
  await screenshot(page, "app-check-blocked");
  assert.equal(stack.backend.runs.length, known);
  await context.close();

  const other = await openProfile(stack.browser);
  await other.context.route("https://www.google.com/recaptcha/enterprise.js**", (route) =>
    route.fulfill({ contentType: "text/javascript", body: recaptcha }),
  );
  await other.context.route("https://content-firebaseappcheck.googleapis.com/**", (route) =>
    route.fulfill({ status: 403, headers: { "access-control-allow-origin": "*" }, json: {} }),
  );
  await signUp(other.page, "refused@example.com");
  await other.page.locator("#start").waitFor();
  await other.start("template:shell");
  await other.page.locator("#error", { hasText: "App Check does not vouch for this page" }).waitFor();
  assert.equal(stack.backend.runs.length, known);
  await other.context.close();
});

// How one signs in, and what is told to who may not start sessions.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { screenshot } from "@cliscale/e2e/browser";
import { type Stack, openAs, openProfile, startStack } from "./support/page.ts";

const contact = "operator@example.com";
let stack: Stack;

before(async () => {
  stack = await startStack({ contact });
});
after(() => stack?.stop());

/** The link in the mail that was sent last, as Firebase's page redirects to it. */
function linkInMail(): string {
  const { continueUrl, oobCode } = stack.backend.accounts.mails.at(-1)!;
  return `${continueUrl}?${new URLSearchParams({ apiKey: "demo", mode: "signIn", oobCode, lang: "en" })}`;
}

async function askForLink(page: Awaited<ReturnType<typeof openProfile>>["page"], email: string) {
  await page.locator("#email").fill(email);
  await page.locator("#send-link").click();
  await page.locator("#mail-sent").waitFor();
}

test("a link that was asked for here signs in when it is opened, and leaves nothing in the address", async () => {
  const { context, page, problems } = await openProfile(stack.browser);
  await page.goto(`${stack.site.url}/#/start?source=npm:cowsay@1.6.0`);
  await askForLink(page, "mia@example.com");
  assert.equal(await page.evaluate("document.activeElement.id"), "mail-sent");
  assert.match(await page.locator("#mail-sent").innerText(), /on its way to mia@example\.com/);
  await screenshot(page, "sign-in-mail-sent");
  await page.locator("#send-link-again").click();
  await page.locator("#mail-sent-note", { hasText: "Sent again" }).waitFor();
  assert.equal(stack.backend.accounts.mails.length, 2);

  const link = linkInMail();
  const other = await context.newPage();
  await other.goto(link);
  await other.locator("#start").waitFor();
  assert.doesNotMatch(other.url(), /oobCode|apiKey|\?.*mode/);
  // What the page was opened for is there again.
  assert.equal(await other.locator("#source").inputValue(), "npm:cowsay@1.6.0");
  assert.equal(await other.locator("#account-email").innerText(), "mia@example.com");
  assert.equal(await other.evaluate("localStorage.getItem('cliscale.signInLink')"), null);
  // The page that waited is signed in as well.
  await page.locator("#start").waitFor();
  await other.goBack().catch(() => null);
  assert.doesNotMatch(other.url(), /oobCode/);

  await other.goto(link);
  await other.locator("#start").waitFor();
  await other.locator("#sign-out").click();
  await other.locator("#sign-in").waitFor();
  await other.goto("about:blank");
  await other.goto(link);
  await other.locator("#confirm-email").fill("mia@example.com");
  await other.locator("#confirm").click();
  await other.locator("#error", { hasText: "This link has been used, or it is no longer valid" }).waitFor();
  assert.equal(await other.locator("#email").inputValue(), "mia@example.com");
  assert.deepEqual(problems, []);
  await context.close();
});

test("on another device the link asks whose it is, and signs nobody else in", async () => {
  const sender = await openProfile(stack.browser);
  await sender.page.goto(stack.site.url);
  await askForLink(sender.page, "noa@example.com");
  await sender.context.close();

  const { context, page, problems } = await openProfile(stack.browser);
  await page.goto(linkInMail());
  await page.locator("#confirm-form").waitFor();
  assert.equal(await page.evaluate("document.activeElement.id"), "confirm-email");
  assert.equal(new URL(page.url()).search, "");
  await page.locator("#confirm-email").fill("eve@example.com");
  await page.keyboard.press("Enter");
  await page.locator("#confirm-email-violation", { hasText: "The link was not sent to this address." }).waitFor();
  await screenshot(page, "sign-in-whose-link");
  await page.locator("#confirm-email").fill("noa@example.com");
  await page.keyboard.press("Enter");
  await page.locator("#start").waitFor();
  assert.deepEqual(problems, []);
  await context.close();
});

test("another password can be chosen by mail", async () => {
  const { context, page } = await openProfile(stack.browser);
  await page.goto(stack.site.url);
  await page.locator("#reset-password").click();
  assert.equal(await page.evaluate("document.activeElement.id"), "email");
  await page.locator("#email").fill("pat@example.com");
  await page.locator("#reset-password").click();
  await page.locator("#sign-in-note", { hasText: "If pat@example.com has an account here" }).waitFor();
  const { email, requestType } = stack.backend.accounts.mails.at(-1)!;
  assert.deepEqual({ email, requestType }, { email: "pat@example.com", requestType: "PASSWORD_RESET" });
  await context.close();
});

test("who may not start sessions is told whom to ask for what, with what was filled in still there", async () => {
  const visit = await openAs(stack.browser, stack.site.url, "stranger@example.com");
  const { context, page } = visit;
  await visit.start("npm:cowsay@1.6.0", "cowsay hi");
  const view = page.locator("#not-allowed");
  await view.waitFor();
  assert.match(await view.innerText(), /Ask the operator to allow your address.*operator@example\.com.*user\d+/s);
  assert.equal(await page.evaluate("document.activeElement.id"), "not-allowed");
  const mail = await view.getByRole("link", { name: contact }).getAttribute("href");
  assert.match(
    decodeURIComponent(mail!),
    /^mailto:operator@example\.com\?.*let stranger@example\.com \(user id user\d+\)/,
  );
  assert.equal(await page.locator("#send-verification").isVisible(), false);
  assert.equal(await page.locator("#error").isVisible(), false);
  assert.equal(await page.locator("#command").inputValue(), "cowsay hi");
  await screenshot(page, "not-allowed");
  await page.setViewportSize({ width: 390, height: 844 });
  await screenshot(page, "not-allowed-phone");
  await page.locator("#other-account").click();
  await page.locator("#sign-in").waitFor();
  assert.equal(await view.isVisible(), false);
  await context.close();
});

test("who must verify an address has a mail sent, and goes on once that is done", async () => {
  const visit = await openAs(stack.browser, stack.site.url, "unverified@example.com");
  const { context, page, status } = visit;
  await visit.start("template:shell", "true");
  await page.locator("#not-allowed", { hasText: "once your e-mail address is verified" }).waitFor();
  await page.locator("#send-verification").click();
  await page.locator("#not-allowed-answer", { hasText: "on its way to unverified@example.com" }).waitFor();
  assert.equal(stack.backend.accounts.mails.at(-1)!.requestType, "VERIFY_EMAIL");
  await screenshot(page, "not-verified");
  const refused = page.waitForResponse((response) => response.url().endsWith("/createSession"));
  await page.locator("#try-again").click();
  await refused;
  await page.locator("#not-allowed").waitFor();
  assert.equal(await status("state"), "idle");
  stack.backend.accounts.verify("unverified@example.com");
  await page.locator("#try-again").click();
  await visit.until("ended");
  assert.equal(await page.locator("#not-allowed").isVisible(), false);
  await context.close();
});

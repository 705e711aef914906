// Signing in on the real stack, in each of the ways that the page offers, and what is told to who may not start sessions.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { projectId } from "@cliscale/local/settings";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { launchBrowser, screenshot } from "../src/browser.ts";
import { serveGoogleScripts } from "../src/googleScripts.ts";
import { startTestStack, type TestStack } from "../src/stack.ts";
import { eventually } from "../src/world.ts";

let stack: TestStack;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let problems: string[];

before(async () => {
  const env = { CLISCALE_ALLOWED_USERS: "@allowed.example" };
  [stack, browser] = await Promise.all([startTestStack({ env }), launchBrowser()]);
});
after(async () => {
  await browser?.close();
  await stack?.remove();
});
beforeEach(async () => {
  await context?.close();
  context = await browser.newContext({ viewport: { width: 1000, height: 700 } });
  problems = [];
  context.on("console", (message) => {
    // What the page's Content-Security-Policy blocks. The emulator's window asks for style sheets that are not to be had here.
    if (message.type() === "error" && message.location().url.startsWith(stack.url)) problems.push(message.text());
  });
  page = await context.newPage();
});

const notRefused = (text: string) => !/responded with a status of 4/.test(text);

async function runsASession() {
  await page.locator("#source").fill("template:shell");
  await page.locator("#command").fill("exit 7");
  await page.locator("#start").click();
  await page.locator('#status[data-exit-code="7"]').waitFor({ timeout: 90_000 });
}

/** The link in the mail to an address, which the Auth emulator keeps instead. */
async function linkTo(email: string, requestType: string): Promise<string> {
  return eventually(async () => {
    const answer = await fetch(`${stack.authUrl}/emulator/v1/projects/${projectId}/oobCodes`);
    const { oobCodes } = (await answer.json()) as {
      oobCodes: { email: string; requestType: string; oobLink: string }[];
    };
    const sent = oobCodes.findLast((code) => code.email === email && code.requestType === requestType);
    assert.ok(sent, `no mail to ${email}`);
    return sent.oobLink;
  });
}

test("Google's window signs in; its scripts are asked for only when the button is pressed", async () => {
  const asked = await serveGoogleScripts(context);
  await page.goto(stack.url);
  await page.locator("#google").waitFor();
  await page.waitForLoadState("networkidle");
  assert.deepEqual(asked, []);

  const opened = context.waitForEvent("page");
  await page.locator("#google").click();
  const window = await opened;
  assert.match(window.url(), new RegExp(`^${stack.authUrl}/emulator/auth/handler\\?.*providerId=google\\.com`));
  await window.locator("#add-account-button").click();
  await window.locator("#email-input").fill("gina@allowed.example");
  await window.locator("#sign-in").click();
  await page.locator("#start").waitFor();
  assert.equal(await page.locator("#account-email").innerText(), "gina@allowed.example");
  assert.ok(asked.length > 0);
  await runsASession();
  assert.deepEqual(problems.filter(notRefused), []);
});

test("a window that is closed, and scripts that cannot be had, are told in words", async () => {
  await context.route("https://apis.google.com/**", (route) => route.abort());
  await page.goto(stack.url);
  await page.locator("#google").click();
  await page.locator("#error", { hasText: "Google’s sign-in cannot be" }).waitFor();
  await screenshot(page, "sign-in-google-unreachable");
  await context.unroute("https://apis.google.com/**");

  await serveGoogleScripts(context);
  const opened = context.waitForEvent("page");
  await page.locator("#google").click();
  await (await opened).close();
  await page.locator("#error", { hasText: "Google’s window was closed before you were signed in." }).waitFor();
});

test("a link by mail signs in once", async () => {
  await page.goto(`${stack.url}/#/sessions`);
  await page.locator("#email").fill("mail@allowed.example");
  await page.locator("#send-link").click();
  await page.locator("#mail-sent").waitFor();
  const link = await linkTo("mail@allowed.example", "EMAIL_SIGNIN");
  await page.goto(link);
  await page.locator("#sessions", { hasText: "You have no sessions yet." }).waitFor();
  assert.doesNotMatch(page.url(), /oobCode/);
  await page.getByRole("link", { name: "New session" }).click();
  await runsASession();

  await page.locator("#sign-out").click();
  await page.goto(link);
  await page.locator("#confirm-email").fill("mail@allowed.example");
  await page.locator("#confirm").click();
  await page.locator("#error", { hasText: "This link has been used, or it is no longer valid" }).waitFor();
  assert.deepEqual(problems.filter(notRefused), []);
});

test("an address counts once it is verified, which the page sees to; others are told whom to ask", async () => {
  const signUp = async (email: string) => {
    await page.locator("#email").fill(email);
    await page.locator("#password").fill("correct horse");
    await page.locator("#sign-up").click();
    await page.locator("#start").click();
  };
  await page.goto(stack.url);
  await signUp("vera@allowed.example");
  await page.locator("#not-allowed", { hasText: "once your e-mail address is verified" }).waitFor();
  await page.locator("#send-verification").click();
  const link = await linkTo("vera@allowed.example", "VERIFY_EMAIL");
  const other = await context.newPage();
  await other.goto(link);
  await other.close();
  await page.locator("#command").fill("exit 7");
  await page.locator("#try-again").click();
  await page.locator('#status[data-exit-code="7"]').waitFor({ timeout: 90_000 });

  await page.locator("#sign-out").click();
  await signUp("eve@elsewhere.example");
  await page.locator("#not-allowed", { hasText: "Ask the operator to allow your e-mail address" }).waitFor();
  assert.equal(await page.locator("#send-verification").isVisible(), false);
});

test("another password is chosen by a link of a mail", async () => {
  const enter = async (password: string, button: string) => {
    await page.locator("#email").fill("pat@allowed.example");
    await page.locator("#password").fill(password);
    await page.locator(button).click();
  };
  await page.goto(stack.url);
  await enter("forgotten horse", "#sign-up");
  await page.locator("#sign-out").click();
  await page.locator("#email").fill("pat@allowed.example");
  await page.locator("#reset-password").click();
  await page.locator("#sign-in-note", { hasText: "a mail" }).waitFor();
  const link = await linkTo("pat@allowed.example", "PASSWORD_RESET");
  // Firebase's own page would ask for it; the emulator takes it in the address.
  await page.goto(`${link}&newPassword=another-horse`);
  await enter("forgotten horse", "#sign-in");
  await page.locator("#password-violation", { hasText: "do not belong together" }).waitFor();
  await enter("another-horse", "#sign-in");
  await page.locator("#start").waitFor();
});

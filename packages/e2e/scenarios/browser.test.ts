import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Client as Database } from "pg";
import type { Browser, Page } from "playwright-core";
import { launchBrowser, screenshot } from "../src/browser.ts";
import { startTestStack, type TestStack } from "../src/stack.ts";

let stack: TestStack;
let browser: Browser;
let page: Page;

before(async () => {
  // With room for one session at a time, a second one queues; half a minute before a short idleness ends one, it is warned of.
  const env = { CLISCALE_SESSIONS_TOTAL: "1", CLISCALE_IDLE_DEFAULT_SECONDS: "60" };
  [stack, browser] = await Promise.all([startTestStack({ env }), launchBrowser()]);
  page = await browser.newPage({ viewport: { width: 1000, height: 700 } });
});

after(async () => {
  await browser?.close();
  await stack?.remove();
});

const terminalText = () => page.locator("#terminal .xterm-rows").innerText();
const untilState = (state: string) => page.locator(`#status[data-state="${state}"]`).waitFor({ timeout: 90_000 });

async function untilTerminal(pattern: RegExp): Promise<void> {
  // There is none before the session is ready.
  await page.locator("#terminal .xterm-rows").waitFor({ state: "attached", timeout: 90_000 });
  const deadline = Date.now() + 60_000;
  while (!pattern.test(await terminalText())) {
    if (Date.now() > deadline) assert.match(await terminalText(), pattern);
    await page.waitForTimeout(100);
  }
}

async function typeLine(text: string): Promise<void> {
  await page.locator("#terminal .xterm-helper-textarea").focus();
  await page.keyboard.type(`${text}\n`);
}

async function start(source: string, command: string): Promise<void> {
  await page.locator("#source").fill(source);
  await page.locator("#command").fill(command);
  await page.locator("#start").click();
}

test("a new user signs up, runs a package from npm and reads its output and exit code", async () => {
  await page.goto(stack.url);
  await page.locator("#email").fill("ada@example.com");
  await page.locator("#password").fill("correct horse battery staple");
  await page.locator("#sign-up").click();
  await start("npm:cowsay@1.6.0", "cowsay hello");
  await untilTerminal(/< hello >[^]*\^__\^/);
  await untilState("ended");
  assert.equal(await page.locator("#status").getAttribute("data-exit-code"), "0");
  assert.match(await page.locator("#stages").innerText(), /queued[^]*scheduling[^]*pulling[^]*starting[^]*ready/i);
  assert.match(await page.locator("#end-facts").innerText(), /Exit code\s+0\s[^]*ended by itself[^]*Ran for\s+\d/);
  await screenshot(page, "cowsay");
});

test("a shell survives a reload of the page, follows its size, and is stopped", async () => {
  await page.goto(stack.url);
  await start("template:shell", "");
  await untilState("attached");
  await typeLine("greeting=hello; echo $greeting-$((40 + 2))");
  await untilTerminal(/hello-42/);

  await page.setViewportSize({ width: 600, height: 500 });
  // The size reaches the shell a moment after the window has it.
  await typeLine("until [ $(stty size | cut -d' ' -f2) -lt 80 ]; do sleep 0.1; done; echo narrow-$((1 + 1))");
  await untilTerminal(/narrow-2/);

  await page.reload();
  await untilState("attached");
  await untilTerminal(/hello-42/);
  await typeLine("echo still-$greeting");
  await untilTerminal(/still-hello/);
  await screenshot(page, "shell");

  await page.locator("#stop").click();
  await untilState("ended");
  assert.equal(await page.locator("#status").getAttribute("data-end-reason"), "stopped");
});

test("a preset fills the form in; what is wrong is said as it is typed, and starts nothing", async () => {
  const violation = (field: string, text: string) => page.locator(`#${field}-violation`, { hasText: text }).waitFor();
  await page.goto(`${stack.url}/#/`);
  await page.getByRole("button", { name: "Claude Code" }).click();
  assert.equal(await page.locator("#source").inputValue(), "template:claude-code");
  assert.equal(await page.locator(".variable input").first().inputValue(), "ANTHROPIC_API_KEY");
  await page.locator("#source").fill("npm:cowsay");
  await violation("source", "must be npm:NAME@VERSION with an exact version");
  await page.locator("#source").fill("https://example.com/a.tgz");
  await page.locator("#sha256").fill("AB");
  await violation("sha256", "must be 64 lower-case hex digits");
  await screenshot(page, "start-form-wrong");
  await page.locator("#start").click();
  assert.equal(await page.locator("#status").getAttribute("data-state"), "idle");
  assert.equal(await page.evaluate("document.activeElement.id"), "sha256");
});

test("a link fills the form in; a masked variable reaches the command, whose signal is told; it is started again", async () => {
  const link = new URLSearchParams({
    source: "template:shell",
    command: 'echo "<$TOKEN>"; kill -TERM $$',
    env: "TOKEN",
  });
  await page.goto(`${stack.url}/#/start?${link}`);
  await page.locator("#link-notice").waitFor();
  await page.locator('.variable input[type="password"]').fill("s3cret-value");
  await screenshot(page, "start-form");
  await page.locator("#start").click();
  await untilTerminal(/<s3cret-value>/);
  await untilState("ended");
  assert.match(await page.locator("#end-facts").innerText(), /Exit code\s+143\s+Signal\s+SIGTERM/);
  await screenshot(page, "ended-by-signal");

  await page.locator("#start-again").click();
  await page.locator("#end").waitFor({ state: "hidden" });
  await untilTerminal(/<s3cret-value>/);
  await untilState("ended");
});

test("a second session waits in the queue, says so in the list, and is cancelled; the first is come back to", async () => {
  await page.goto(`${stack.url}/#/`);
  await start("template:shell", "");
  await untilState("attached");
  await typeLine("echo first-$((40 + 2))");
  await untilTerminal(/first-42/);

  await page.getByRole("link", { name: "New session" }).click();
  await start("template:shell", "echo second");
  await page
    .locator("#status", { hasText: "Waiting for a free place, number 1 in line." })
    .waitFor({ timeout: 30_000 });
  await screenshot(page, "queued");
  await page.getByRole("link", { name: "Sessions" }).click();
  const queued = page.locator('[data-state="queued"]', { hasText: "Queued, number 1 in line" });
  await queued.waitFor();
  await screenshot(page, "sessions");
  await page.setViewportSize({ width: 390, height: 700 });
  await screenshot(page, "sessions-phone");
  await page.setViewportSize({ width: 1000, height: 700 });
  await queued.getByRole("button", { name: "Cancel" }).click();
  await queued.waitFor({ state: "detached" });

  await page.locator("#session-filter").selectOption("ended");
  await page.locator('.session[data-state="ready"]').waitFor({ state: "detached" });
  await page.locator('.session[data-state="ended"]', { hasText: "npm:cowsay@1.6.0" }).waitFor();
  await screenshot(page, "sessions-history");
  await page.locator("#session-filter").selectOption("");

  await page.locator('.session[data-state="ready"]').getByRole("link").click();
  await untilState("attached");
  await untilTerminal(/first-42/);
  await page.locator("#stop").click();
  await untilState("ended");
});

interface Activity {
  last_attach_at: Date;
  last_input_at: Date | null;
}

/** What the service knows of the activity in the session that the page shows. */
async function activity(): Promise<Activity> {
  const database = new Database({ connectionString: stack.databaseUrl });
  await database.connect();
  try {
    const id = page.url().split("/").at(-1);
    const { rows } = await database.query<Activity>("select * from sessions where id = $1", [id]);
    return rows[0]!;
  } finally {
    await database.end();
  }
}

test("a lifetime that is nearly up is warned of, and extended; idleness too, and put off without typing", async () => {
  await page.goto(`${stack.url}/#/start?source=template:shell&lifetimeSeconds=60`);
  await page.locator("#start").click();
  await untilState("attached");
  await page.locator("#warning", { hasText: "time is nearly up" }).waitFor();
  await screenshot(page, "warning");
  const answered = page.waitForResponse((response) => response.url().endsWith("/extendSession") && response.ok());
  await page.getByRole("button", { name: "Extend by an hour" }).click();
  const { result } = (await (await answered).json()) as { result: { session: { expiresAt: string } } };
  const minutes = (Date.parse(result.session.expiresAt) - Date.now()) / 60_000;
  assert.ok(minutes > 59 && minutes < 62, `it lives for ${minutes} more minutes`);
  await page.locator("#warning").waitFor({ state: "hidden" });

  await page.locator("#warning", { hasText: "Nothing is happening here" }).waitFor({ timeout: 60_000 });
  const earlier = await activity();
  await page.getByRole("button", { name: "Keep it" }).click();
  await page.locator("#warning").waitFor({ state: "hidden" });
  for (const deadline = Date.now() + 20_000; ; await page.waitForTimeout(200)) {
    const now = await activity();
    if (now.last_attach_at > earlier.last_attach_at) {
      assert.deepEqual(now.last_input_at, earlier.last_input_at);
      break;
    }
    assert.ok(Date.now() < deadline, "the service was not told of an attach");
  }
  assert.equal(await page.locator("#status").getAttribute("data-state"), "attached");
  await page.locator("#stop").click();
  await untilState("ended");
});

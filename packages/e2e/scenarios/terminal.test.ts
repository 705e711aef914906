// What the page's terminal does for its reader, on the real stack: real programs in a pod, through runner and gateway.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { launchBrowser, redPictures, screenshot } from "../src/browser.ts";
import { clusters, columnsOf } from "../src/cuts/clusters.ts";
import { startTestStack, type TestStack } from "../src/stack.ts";
import { eventually } from "../src/world.ts";

let stack: TestStack;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let sessionUrl: string;

before(async () => {
  [stack, browser] = await Promise.all([startTestStack(), launchBrowser()]);
  context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    permissions: ["clipboard-read", "clipboard-write"],
  });
  // Nothing of the tests may reach another host.
  await context.route(/example\.com/, (route) => route.fulfill({ body: "elsewhere", contentType: "text/plain" }));
  page = await context.newPage();
  await page.goto(stack.url);
  await page.locator("#email").fill(stack.demo.email);
  await page.locator("#password").fill(stack.demo.password);
  await page.locator("#sign-in").click();
  await page.locator("#source").fill("template:shell");
  await page.locator("#start").click();
  await untilState("attached");
  sessionUrl = page.url();
});

after(async () => {
  await browser?.close();
  await stack?.remove();
});

const untilState = (state: string, on = page) =>
  on.locator(`#status[data-state="${state}"]`).waitFor({ timeout: 90_000 });
const shows = (pattern: RegExp, on = page) =>
  eventually(async () => assert.match(await on.locator("#terminal .xterm-rows").innerText(), pattern));
const focusTerminal = (on = page) => on.locator("#terminal .xterm-helper-textarea").focus();
const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
const question = () => page.locator("dialog.question");
const answer = (name: string) => question().getByRole("button", { name, exact: true }).click();

async function type(text: string, on = page) {
  await focusTerminal(on);
  await on.keyboard.type(text);
}

let printed = 1000;

/** Has the shell print what printf makes of the format, at the top of the screen, and waits until it is drawn. */
async function print(format: string) {
  printed += 1;
  await type(`clear; printf '${format}'; echo end-$((${printed}))\n`);
  await shows(new RegExp(`end-${printed}`));
}

test("a program names the tab, tells how far it is, and rings", async () => {
  await print("\\e]0;building\\a\\e]9;4;1;42\\a");
  await eventually(async () => assert.equal(await page.title(), "42 % building – cliscale"));
  await print("\\e]9;4;0\\a");
  await eventually(async () => assert.equal(await page.title(), "building – cliscale"));
  // It is seen for a second, which a busy machine may look away for.
  await eventually(async () => {
    await type("printf '\\a'\n");
    await page.locator("#terminal[data-bell]").waitFor({ timeout: 2_000 });
  });
});

test("wide characters, emoji of several code points and combining ones stand as one", async () => {
  await print("你好 👨‍👩‍👧‍👦 🇩🇪 e\u0301|\\n");
  await shows(/你好 👨‍👩‍👧‍👦 🇩🇪 e\u0301\|/);
  await screenshot(page, "stack-characters");

  // Where a program finds the cursor behind each.
  const texts = ["family", "coder", "flag", "keycap", "heart", "skinTone", "accent", "accents", "wideAccent"] as const;
  const typed = texts.map((name) => `'${clusters[name]}'`).join(" ");
  await type(
    `clear; taken=; for text in 你 ${typed}; do printf '\\r%s' "$text"; IFS=';' read -rsdR -p $'\\e[6n' _ column; ` +
      `printf '\\r\\e[K'; taken+=" $((column - 1))"; done; echo "taken:$taken"\n`,
  );
  await shows(new RegExp(`taken: 2 ${texts.map((name) => columnsOf[name]).join(" ")}$`, "m"));
});

test("what is printed is found, and the search gives the focus back", async () => {
  await type("clear; for i in $(seq 300); do echo line-$i; done; echo Needle-$((1 + 1))\n");
  await shows(/Needle-2/);
  await page.keyboard.press("Control+Shift+F");
  await page.keyboard.type("line-7");
  await page.locator("#search-result", { hasText: "11 of 11" }).waitFor();
  await screenshot(page, "stack-search");
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate("document.activeElement.className"), "xterm-helper-textarea");
});

test("an address is opened in a tab of its own once the reader agrees", async () => {
  await print("https://example.com/a?b=1\\n");
  const screen = page.locator("#terminal .xterm-screen");
  await screen.hover({ position: { x: 300, y: 150 } });
  await screen.hover({ position: { x: 30, y: 8 } });
  await screen.click({ position: { x: 30, y: 8 } });
  const opened = context.waitForEvent("page");
  await answer("Open");
  const tab = await opened;
  await tab.waitForLoadState();
  assert.equal(tab.url(), "https://example.com/a?b=1");
  await tab.close();
});

test("a program copies to the clipboard once it may, and does not read it", async () => {
  await print(`\\e]52;c;${Buffer.from("from the pod: ü").toString("base64")}\\a`);
  await answer("Allow");
  await eventually(async () => assert.equal(await clipboard(), "from the pod: ü"));
  await type("clear; printf '\\e]52;c;?\\a'; read -t 1 -n 1 reply; echo \"reply<$reply>\"\n");
  await shows(/reply<>/);
});

test("what is selected is copied; lines are pasted when the reader has seen them", async () => {
  await print("copy-me\\n");
  const rows = (await page.locator("#terminal .xterm-screen").boundingBox())!;
  await page.mouse.dblclick(rows.x + 20, rows.y + 8);
  await page.keyboard.press("Control+Shift+C");
  await eventually(async () => assert.equal(await clipboard(), "copy-me"));

  await page.evaluate(() => navigator.clipboard.writeText("one\ntwo\n"));
  await type("clear; bind 'set enable-bracketed-paste off'; echo ready-$((1+1)); cat > pasted; echo; cat -A pasted\n");
  await shows(/ready-2/);
  await page.keyboard.press("Control+Shift+V");
  await question().getByText("Paste 2 lines?").waitFor();
  await screenshot(page, "stack-paste");
  await answer("Paste");
  await focusTerminal();
  await page.keyboard.press("Control+D");
  await shows(/one\$\s+two\$/);
});

test("settings take effect at once: theme, screen readers, pictures, size of the text", async () => {
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.locator("#tool-settings").click();
  const known = await background();
  for (const theme of ["light", "dark", "high-contrast"]) {
    await page.locator("#setting-theme").selectOption(theme);
    await screenshot(page, `stack-settings-${theme}`);
  }
  assert.notEqual(await background(), known);
  await page.locator("#setting-theme").selectOption("system");
  await page.locator("#setting-screen-reader").check();
  await page.locator("#terminal .xterm-accessibility").waitFor({ state: "attached" });
  await page.locator("#setting-screen-reader").uncheck();
  await page.locator("#setting-images").check();
  await page.locator("#settings-close").click();
  await eventually(async () => {
    await print("\\eP0;0;0q#1;2;100;0;0#1!12~-\\e\\\\\\n");
    assert.equal(await redPictures(page), 1);
  });

  await type("clear; stty size; echo before-$((1 + 1))\n");
  await shows(/\d+ \d+\s+before-2/);
  const columns = async () => Number(/\d+ (\d+)/.exec(await page.locator("#terminal .xterm-rows").innerText())![1]);
  const wide = await columns();
  for (let press = 0; press < 4; press++) await page.keyboard.press("Control+=");
  await type(
    `until [ $(stty size | cut -d' ' -f2) -lt ${wide} ]; do sleep 0.1; done; clear; stty size; echo a-$((2))\n`,
  );
  await shows(/a-2/);
  assert.ok((await columns()) < wide);
  await page.keyboard.press("Control+0");
});

test("the whole transcript is downloaded in three forms", async () => {
  await type("clear; seq 500; printf '\\e[31mred\\e[0m\\n'; echo whole-$((1 + 1))\n");
  await shows(/whole-2/);
  for (const [form, pattern] of [
    ["text", /^499\n500\nred\nwhole-2/m],
    ["ansi", /\[31mred/],
    ["html", /<(?!script)[^>]*>[^]*red/],
  ] as const) {
    await page.locator("#tool-transcript").click();
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.locator(`#transcript-menu [data-form="${form}"]`).click(),
    ]);
    assert.match(await readFile(await file.path(), "utf8"), pattern);
  }
});

test("full screen and the sheet of shortcuts", async () => {
  await page.locator("#tool-fullScreen").click();
  await page.waitForFunction(() => document.fullscreenElement !== null);
  await screenshot(page, "stack-full-screen");
  await page.locator("#tool-fullScreen").click();
  await page.waitForFunction(() => document.fullscreenElement === null);
  await page.locator("#tool-shortcuts").click();
  await page.locator("#shortcuts").getByText("Full screen").first().waitFor();
  await screenshot(page, "stack-shortcuts");
  await page.keyboard.press("Escape");
});

test("a second tab, on a phone, has the same screen and takes the terminal over by typing", async () => {
  const state = await context.storageState({ indexedDB: true });
  const phone = await browser.newContext({
    storageState: state,
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
  });
  const other = await phone.newPage();
  await other.goto(sessionUrl);
  await untilState("attached", other);
  await print("both see this\\n");
  await shows(/both see this/, other);
  await other.locator("#terminal").tap();
  await other.locator("#key-bar").getByRole("button", { name: "Up", exact: true }).waitFor();
  await type("clear; echo from-the-phone-$((1 + 1))\n", other);
  await shows(/from-the-phone-2/, other);
  await shows(/from-the-phone-2/);
  await page.locator("#status", { hasText: "Another window sets the size" }).waitFor();
  await screenshot(other, "stack-phone");
  await phone.close();
  await type("echo alone-again-$((1 + 1))\n");
  await shows(/alone-again-2/);
  assert.equal(await page.locator("#status").getAttribute("data-state"), "attached");
});

test("the end tells code, signal and duration, with the last screen in sight", async () => {
  await type("echo last-$((1 + 1)); kill -9 $$\n");
  await untilState("ended");
  assert.match(await page.locator("#end-facts").innerText(), /Exit code\s+137\s+Signal\s+SIGKILL/);
  await shows(/last-2/);
  await screenshot(page, "stack-ended");
});

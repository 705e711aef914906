// What stands beside the terminal: toolbar, shortcuts, settings, full screen.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { screenshot } from "@cliscale/e2e/browser";
import { browserShortcuts, keyNames, shortcuts } from "../src/shortcuts.ts";
import { type Stack, type Visit, openAs, startStack } from "./support/page.ts";

let stack: Stack;
let visit: Visit;

before(async () => {
  stack = await startStack();
  visit = await openAs(stack.browser, stack.site.url, "ada@example.com", "#start", {
    viewport: { width: 1280, height: 800 },
  });
  await visit.start("template:shell", "stty raw -echo; echo ready; cat -v");
  await visit.shows(/ready/);
});

after(async () => {
  await stack?.stop();
});

const focused = () => visit.page.evaluate("document.activeElement.id || document.activeElement.className");
const press = (keys: string) => visit.page.keyboard.press(keys);
const toTerminal = () => visit.page.locator("#terminal .xterm-helper-textarea").focus();
const input = () => stack.backend.runs[0]!.terminal!.input;

test("the toolbar is one stop for Tab, reached from the terminal, and its buttons are by the arrows", async () => {
  await toTerminal();
  await press("Shift+F6");
  assert.equal(await focused(), "tool-search");
  await press("ArrowRight");
  assert.equal(await focused(), "tool-transcript");
  await press("End");
  assert.equal(await focused(), "tool-fullScreen");
  await press("ArrowRight");
  assert.equal(await focused(), "tool-search");
  await press("ArrowLeft");
  await press("Tab");
  assert.equal(await focused(), "stop");
  await press("Shift+Tab");
  assert.equal(await focused(), "tool-fullScreen");
  const names = await visit.page.locator("#toolbar button").evaluateAll((all) => all.map((it) => it.ariaLabel));
  assert.deepEqual(names, ["Search", "Download a transcript", "Settings", "Shortcuts", "Full screen"]);
  assert.match((await visit.page.locator("#tool-search").getAttribute("title"))!, /^Search \(Ctrl\+Shift\+F\)$/);
});

test("the sheet tells of all shortcuts, and of the browser's own; its keys open and close it and reach no program", async () => {
  const known = input();
  await toTerminal();
  await press("Control+Shift+?");
  const rows = async (id: string) =>
    visit.page
      .locator(`#${id} tr`)
      .evaluateAll((all) =>
        all.map((row) => [
          row.querySelector("th")!.textContent,
          ...[...row.querySelectorAll("kbd")].map((it) => it.textContent),
        ]),
      );
  assert.deepEqual(
    await rows("shortcut-rows"),
    shortcuts.map((shortcut) => [shortcut.words, ...keyNames(shortcut, false)]),
  );
  assert.equal((await rows("browser-shortcut-rows")).length, browserShortcuts.length);
  await screenshot(visit.page, "shortcuts");
  await press("Control+Shift+?");
  assert.equal(await visit.page.locator("#shortcuts").isVisible(), false);
  assert.equal(await focused(), "xterm-helper-textarea");
  await press("Control+Shift+?");
  await press("Escape");
  assert.equal(await focused(), "xterm-helper-textarea");
  assert.equal(input(), known);
});

const colours = () =>
  visit.page.evaluate(
    `[document.body, document.querySelector("#terminal"), document.querySelector("#stop")].map((it) => getComputedStyle(it).backgroundColor)`,
  );

test("a theme is chosen for page and terminal at once, kept, and followed in other tabs and after a reload", async () => {
  await visit.page.emulateMedia({ colorScheme: "dark" });
  const theme = () => visit.page.evaluate("document.documentElement.dataset.theme");
  await visit.eventually(theme, "dark");
  const dark = await colours();
  await visit.page.locator("#tool-settings").click();
  await visit.page.getByLabel("Theme").selectOption("light");
  await visit.eventually(theme, "light");
  const light = (await colours()) as string[];
  assert.notDeepEqual(light, dark);
  assert.equal(light[1], "rgb(255, 255, 255)");
  await screenshot(visit.page, "settings");

  const tab = await visit.context.newPage();
  await tab.goto(stack.site.url);
  await tab.locator("#start").waitFor();
  await visit.page.getByLabel("Theme").selectOption("high-contrast");
  await tab.locator('html[data-theme="high-contrast"]').waitFor();
  await tab.close();
  assert.deepEqual(await colours(), ["rgb(0, 0, 0)", "rgb(0, 0, 0)", "rgb(0, 0, 0)"]);
  await press("Escape");
  await visit.page.reload();
  await visit.until("attached");
  assert.equal(await theme(), "high-contrast");

  await visit.page.locator("#tool-settings").click();
  await visit.page.getByLabel("Theme").selectOption("system");
  await visit.page.emulateMedia({ colorScheme: "light" });
  await visit.holds("document.documentElement.dataset.theme === 'light'");
  await visit.page.emulateMedia({ contrast: "more" });
  await visit.holds("document.documentElement.dataset.theme === 'high-contrast'");
  await visit.page.emulateMedia({ contrast: "no-preference" });
  await visit.page.locator("#settings-close").click();
});

test("the other settings take effect in the terminal, and what is no size is not taken", async () => {
  const preferred = () => visit.page.evaluate("JSON.parse(localStorage.getItem('cliscale.preferences'))");
  await visit.page.locator("#tool-settings").click();
  const rowHeight = async () => (await visit.page.locator("#terminal .xterm-rows > div").first().boundingBox())!.height;
  const usual = await rowHeight();
  await visit.page.getByLabel("Text size").fill("24");
  await visit.holds(`document.querySelector("#terminal .xterm-rows > div").offsetHeight > ${usual}`);
  await visit.page.getByLabel("Text size").fill("99");
  assert.equal(((await preferred()) as { fontSize: number }).fontSize, 24);
  assert.equal(await visit.page.locator("#terminal .xterm-accessibility").count(), 0);
  await visit.page.getByLabel("Screen reader").check();
  await visit.page.locator("#terminal .xterm-accessibility").waitFor({ state: "attached" });
  await visit.page.getByLabel("Screen reader").uncheck();
  await visit.page.getByLabel("Copy on select").check();
  await visit.page.getByLabel("Text size").fill("14");
  assert.deepEqual(await preferred(), {
    theme: "system",
    fontSize: 14,
    screenReader: false,
    copyOnSelect: true,
    images: false,
  });
  await visit.page.locator("#settings-close").click();
  assert.equal(await focused(), "tool-settings");
});

test("full screen has the session alone; Escape reaches the program, and the way out is told", async () => {
  const isFull = () => visit.page.evaluate("document.fullscreenElement?.id === 'session'");
  await toTerminal();
  await press("Control+Shift+Enter");
  await visit.holds("document.fullscreenElement?.id === 'session'");
  const hint = visit.page.locator("#full-screen-hint");
  await hint
    .getByText("Esc goes to the program. Ctrl+Shift+Enter leaves full screen, and so does holding Esc.")
    .waitFor();
  assert.equal(await visit.page.locator("#tool-fullScreen").getAttribute("aria-label"), "Leave full screen");
  await screenshot(visit.page, "full-screen");
  const known = input().length;
  await press("Escape");
  await visit.shows(/\^\[/);
  assert.equal(input().slice(known), "\x1b");
  assert.equal(await isFull(), true);
  await hint.waitFor({ state: "hidden" });
  await visit.page.locator("#tool-fullScreen").click();
  await visit.holds("document.fullscreenElement === null");
  await visit.eventually(() => visit.page.locator("#tool-fullScreen").getAttribute("aria-label"), "Full screen");
});

test("a closed tab leaves the session running, so nothing is asked when it is closed", async () => {
  let asked = 0;
  visit.page.on("dialog", (dialog) => {
    asked += 1;
    void dialog.accept();
  });
  await toTerminal();
  await visit.page.keyboard.type("typed");
  const address = visit.page.url();
  await visit.page.close({ runBeforeUnload: true });
  const page = await visit.context.newPage();
  await page.goto(address);
  await page.locator('#status[data-state="attached"]').waitFor();
  assert.equal(asked, 0);
  assert.equal(stack.backend.runs[0]!.session.state, "ready");
  assert.deepEqual(visit.problems, []);
});

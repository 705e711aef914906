// What a program tells besides text: title, progress, bell, links and pictures.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { redPictures, screenshot } from "@cliscale/e2e/browser";
import { type Stack, type Visit, openAs, startStack } from "./support/page.ts";

let stack: Stack;
let visit: Visit;

before(async () => {
  stack = await startStack();
  visit = await openAs(stack.browser, stack.site.url, "ada@example.com");
  // Nothing of the tests may reach another host.
  await visit.context.route(/example/, (route) => route.fulfill({ body: "elsewhere", contentType: "text/plain" }));
  await visit.start("template:shell");
  await visit.until("attached");
});

after(async () => {
  await stack?.stop();
});

const tabTitle = () => visit.page.title();
const question = () => visit.page.locator("dialog.question");
const bar = () => visit.page.locator("#terminal > progress");

test("the tab is called after the program, and tells how far it is", async () => {
  await visit.print("\\e]0;building\\a");
  await visit.eventually(tabTitle, "building – cliscale");
  assert.equal(await visit.page.locator("#title").textContent(), "building");
  assert.equal(await bar().isVisible(), false);
  await visit.print("\\e]9;4;1;42\\a");
  await visit.eventually(tabTitle, "42 % building – cliscale");
  assert.equal(await bar().getAttribute("value"), "42");
  await screenshot(visit.page, "terminal-progress");
  await visit.print("\\e]9;4;2;60\\a");
  await visit.eventually(tabTitle, "✗ 60 % building – cliscale");
  assert.equal(await bar().getAttribute("data-state"), "failed");
  await visit.print("\\e]9;4;4;61\\e\\\\");
  await visit.eventually(tabTitle, "⏸ 61 % building – cliscale");
  await visit.print("\\e]9;4;3\\a");
  await visit.eventually(tabTitle, "… building – cliscale");
  await visit.print("\\e]9;4;1;9000\\a\\e]9;4;x;y\\a\\e]9;4\\a\\e]9;4;1;1;1\\a\\e]9;4;7;7\\a\\e]9;4;1;-5\\a");
  await visit.eventually(tabTitle, "100 % building – cliscale");
  await visit.print("\\e]9;4;0\\a");
  await visit.eventually(tabTitle, "building – cliscale");
  assert.equal(await bar().isVisible(), false);
});

test("a bell is seen at the terminal, and at the tab while that is hidden", async () => {
  const rings = visit.page.locator("#terminal[data-bell]");
  // It is seen for a second, which a busy machine may look away for.
  const rung = await visit.page.evaluateHandle(() => ({
    seen: new Promise<void>((resolve) => {
      const place = document.querySelector<HTMLElement>("#terminal")!;
      const look = () => void (place.dataset["bell"] !== undefined && resolve());
      new MutationObserver(look).observe(place, { attributes: true });
    }),
  }));
  await visit.print("\\a");
  await rung.evaluate(({ seen }) => seen);
  await screenshot(visit.page, "terminal-bell");
  await rings.waitFor({ state: "detached" });
  assert.doesNotMatch(await tabTitle(), /🔔/);

  const setHidden = (isHidden: boolean) =>
    visit.page.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
      document.dispatchEvent(new Event("visibilitychange"));
    }, isHidden);
  await setHidden(true);
  await visit.print("\\a\\a\\a");
  await visit.eventually(tabTitle, "🔔 building – cliscale");
  await setHidden(false);
  await visit.eventually(tabTitle, "building – cliscale");
});

test("another view has a title of its own", async () => {
  const address = visit.page.url();
  await visit.page.getByRole("link", { name: "Sessions" }).click();
  await visit.eventually(tabTitle, "cliscale");
  await visit.page.goto(address);
  await visit.until("attached");
});

/** Clicks on the first character of the terminal. */
async function clickFirst() {
  const screen = visit.page.locator("#terminal .xterm-screen");
  await screen.hover({ position: { x: 300, y: 150 } });
  await screen.hover({ position: { x: 30, y: 8 } });
  await screen.click({ position: { x: 30, y: 8 } });
}

test("an address is opened in a new tab, which cannot reach back, once the reader agrees", async () => {
  for (const printed of [
    "https://example.com/a?b=1#c and more\\n",
    "\\e]8;;https://example.com/a?b=1#c\\e\\\\harmless\\e]8;;\\e\\\\\\n",
  ]) {
    await visit.print(printed);
    await clickFirst();
    await question().getByText("Open example.com?").waitFor();
    assert.equal(await question().locator("pre").textContent(), "https://example.com/a?b=1#c");
    await screenshot(visit.page, "terminal-link");
    await question().getByRole("button", { name: "Cancel" }).click();
    assert.equal(visit.context.pages().length, 1);

    await clickFirst();
    const opened = visit.context.waitForEvent("page");
    await question().getByRole("button", { name: "Open", exact: true }).click();
    const tab = await opened;
    await tab.waitForLoadState();
    assert.equal(tab.url(), "https://example.com/a?b=1#c");
    assert.deepEqual(await tab.evaluate(() => [window.opener, document.referrer]), [null, ""]);
    await tab.close();
    assert.equal(await visit.page.evaluate("document.activeElement.className"), "xterm-helper-textarea");
  }
});

test("an address that is no longer there is not opened", async () => {
  await visit.print("https://example.com/gone\\n");
  await clickFirst();
  await question().getByRole("button", { name: "Cancel" }).click();
  await visit.print("something-else-stands-here-now\\n");
  await visit.page.locator("#terminal .xterm-screen").click({ position: { x: 30, y: 8 } });
  await visit.page.waitForTimeout(300);
  assert.equal(await question().count(), 0);
});

/** A Sixel picture of 12 by 6 pixels in one colour. */
const sixel = "\x1bP0;0;0q#1;2;100;0;0#1!12~-\x1b\\";
const pictures = () => redPictures(visit.page);

test("pictures are drawn for who wants them, and not for others", async () => {
  // A shell would switch modes, of which the page takes heed as of queries.
  await visit.open(stack.site.url);
  await visit.start("template:shell", "stty raw -echo; cat > /dev/null");
  await visit.until("attached");
  const terminal = stack.backend.runs.at(-1)!.terminal!;
  const draw = () => terminal.print(`\x1b[2J\x1b[H${sixel}\r\nand text\r\n`);
  draw();
  await visit.shows(/and text/);
  assert.equal(await pictures(), 0);
  await visit.prefer({ images: true });
  // A program is told that it may draw them.
  await visit.eventually(() => {
    terminal.print("\x1b[c");
    return Promise.resolve(terminal.input.includes("\x1b[?62;4;9;22c"));
  }, true);
  draw();
  await visit.eventually(pictures, 1);
  await screenshot(visit.page, "terminal-picture");

  // What is drawn again was answered when it was new, also by the addon that draws pictures.
  terminal.print("\x1b[6n");
  await visit.eventually(() => Promise.resolve(terminal.input.endsWith("R")), true);
  const { input } = terminal;
  await visit.page.getByRole("link", { name: "Sessions" }).click();
  await visit.page.goBack();
  await visit.until("attached");
  await visit.shows(/and text/);
  await visit.page.waitForTimeout(300);
  assert.equal(terminal.input, input);
  await visit.prefer({ images: false });
  draw();
  await visit.eventually(pictures, 0);
});

test("nothing of this failed unseen", () => {
  assert.deepEqual(visit.problems, []);
});

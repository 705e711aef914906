// The terminal on a phone: keys that its keyboard lacks, and the room that the keyboard leaves.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { screenshot } from "@cliscale/e2e/browser";
import { holdAttachCalls } from "./support/attachCalls.ts";
import { type Stack, type Visit, openAs, patienceMilliseconds, startStack } from "./support/page.ts";

let stack: Stack;
let visit: Visit;

// What is typed is read byte by byte; at an "m" the program asks for application cursor keys, as vim does.
const program = `$|=1; print "ready\\r\\n"; while (sysread STDIN, $k, 1) { print "\\e[?1happlication\\r\\n" if $k eq "m"; exit if $k eq "Q" }`;
const command = `stty raw -echo; perl -e '${program}'`;

before(async () => {
  stack = await startStack();
  visit = await openAs(stack.browser, stack.site.url, "ada@example.com", "#start", {
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
    permissions: ["clipboard-read", "clipboard-write"],
  });
  await visit.start("template:shell", command);
  await visit.until("attached");
  await visit.shows(/ready/);
});

after(async () => {
  await stack?.stop();
});

const key = (name: string) => visit.page.locator("#key-bar").getByRole("button", { name, exact: true });
const hasFocus = () => visit.page.evaluate("document.activeElement.className === 'xterm-helper-textarea'");

/** What reaches the program of what is done. */
async function sent(expected: string, act: () => Promise<void>) {
  const { terminal } = stack.backend.runs[0]!;
  const known = terminal!.input.length;
  await act();
  for (const deadline = Date.now() + patienceMilliseconds; terminal!.input.length < known + expected.length;) {
    if (Date.now() > deadline) break;
    await visit.page.waitForTimeout(20);
  }
  assert.equal(terminal!.input.slice(known), expected);
}

test("nothing is brought up unasked; a tap on the terminal focuses it, on a field that no phone zooms in on or corrects", async () => {
  assert.equal(await hasFocus(), false);
  await visit.page.locator("#terminal").tap();
  await visit.eventually(hasFocus, true);
  const area = visit.page.locator("#terminal .xterm-helper-textarea");
  const attributes = await area.evaluate((element) =>
    ["autocapitalize", "autocorrect", "spellcheck"].map((name) => element.getAttribute(name)),
  );
  assert.deepEqual(attributes, ["off", "off", "false"]);
  const sizes = await visit.page
    .locator("textarea, input, select")
    .evaluateAll((all) => all.map((element) => Number.parseFloat(getComputedStyle(element).fontSize)));
  assert.ok(Math.min(...sizes) >= 16, sizes.join());
});

test("what is touched is large enough, and nothing is wider than the screen", async () => {
  const buttons = await visit.page.locator("#key-bar button, #toolbar button, #stop").all();
  let shown = 0;
  for (const button of buttons) {
    const box = await button.boundingBox();
    if (!box) continue;
    shown += 1;
    assert.ok(box.width >= 44 && box.height >= 44, `${await button.ariaSnapshot()} ${box.width} × ${box.height}`);
  }
  assert.ok(shown > 20, `${shown} buttons`);
  assert.equal(await visit.page.evaluate("document.documentElement.scrollWidth - innerWidth"), 0);
  await screenshot(visit.page, "phone");
});

test("the bar's keys send their bytes, in the cursor keys' mode that the program has asked for, and keep the focus", async () => {
  for (const [name, bytes] of [
    ["Escape", "\x1b"],
    ["Tab", "\t"],
    ["Up", "\x1b[A"],
    ["Left", "\x1b[D"],
    ["Pipe", "|"],
    ["Dash", "-"],
    ["Home", "\x1b[H"],
    ["Page down", "\x1b[6~"],
  ] as const) {
    await sent(bytes, () => key(name).tap());
    assert.equal(await hasFocus(), true, name);
  }
  await sent("m", () => visit.page.keyboard.type("m"));
  await visit.shows(/application/);
  await sent("\x1bOA", () => key("Up").tap());
  await sent("\x1bOF", () => key("End").tap());
  await sent("\x1b[5~", () => key("Page up").tap());
});

test("Ctrl and Alt count for the next key, from either keyboard, and for no other", async () => {
  const control = key("Control, for the next key");
  await control.tap();
  await visit.eventually(() => control.getAttribute("aria-pressed"), "true");
  assert.equal(await hasFocus(), true);
  await sent("\x03c", () => visit.page.keyboard.type("cc"));
  assert.equal(await control.getAttribute("aria-pressed"), "false");

  // As a phone's keyboard inserts text, without a key.
  await control.tap();
  await sent("\x12", () => visit.page.keyboard.insertText("r"));
  await control.tap();
  await sent("\x1b[1;5C", () => key("Right").tap());
  await key("Alt, for the next key").tap();
  await sent("\x1bbb", () => visit.page.keyboard.type("bb"));
  await control.tap();
  await control.tap();
  await sent("x", () => visit.page.keyboard.type("x"));
});

test("an arrow that is held down repeats, and a paste is pasted", async () => {
  const { terminal } = stack.backend.runs[0]!;
  const known = terminal!.input.length;
  const box = (await key("Left").boundingBox())!;
  await visit.page.mouse.move(box.x + 10, box.y + 10);
  await visit.page.mouse.down();
  for (
    const deadline = Date.now() + patienceMilliseconds;
    terminal!.input.length < known + 9;
    await visit.page.waitForTimeout(20)
  ) {
    assert.ok(Date.now() < deadline, "it does not repeat");
  }
  await visit.page.mouse.up();
  await visit.page.keyboard.type("x");
  await visit.eventually(() => Promise.resolve(terminal!.input.endsWith("x")), true);
  const held = terminal!.input.slice(known);
  assert.equal(held.replaceAll("\x1bOD", ""), "x");
  await visit.page.waitForTimeout(300);
  assert.equal(terminal!.input.slice(known), held);

  await visit.page.evaluate("navigator.clipboard.writeText('pasted text')");
  await sent("pasted text", () => key("Paste").tap());
});

const bottoms = () =>
  visit.page.evaluate(
    `[...document.querySelectorAll("#terminal, #key-bar")].map((it) => it.getBoundingClientRect().bottom)`,
  );

test("the page fits above the phone's keyboard, whether that shrinks the page or lies over it", async () => {
  await visit.page.setViewportSize({ width: 390, height: 450 });
  await visit.holds("document.body.getBoundingClientRect().height === 450");
  assert.ok(((await bottoms()) as number[]).every((bottom) => bottom <= 450));
  await screenshot(visit.page, "phone-keyboard");

  await visit.page.setViewportSize({ width: 390, height: 844 });
  await visit.page.evaluate(`
    Object.defineProperty(visualViewport, "height", { value: 500, configurable: true });
    visualViewport.dispatchEvent(new Event("resize"));`);
  await visit.holds("document.body.getBoundingClientRect().height === 500");
  assert.ok(((await bottoms()) as number[]).every((bottom) => bottom <= 500));
  await visit.page.evaluate(`delete visualViewport.height; visualViewport.dispatchEvent(new Event("resize"));`);
});

test("on its side a phone has the terminal and its keys alone", async () => {
  await visit.page.setViewportSize({ width: 844, height: 390 });
  await visit.holds("document.body.getBoundingClientRect().height === 390");
  assert.equal((await visit.page.locator("header").boundingBox())!.height, 1);
  const box = (await visit.page.locator("#terminal").boundingBox())!;
  assert.ok(box.height >= 240, `${box.height} px for the terminal`);
  await screenshot(visit.page, "phone-on-its-side");
  await visit.page.setViewportSize({ width: 390, height: 844 });
});

test("a lost connection is told over the terminal, which keeps its size; the end takes the keys away", async () => {
  await visit.holds("document.body.getBoundingClientRect().height === 844");
  const box = await visit.page.locator("#terminal").boundingBox();
  const token = await holdAttachCalls(visit.page);
  stack.backend.runs[0]!.terminal!.cut();
  await visit.until("reattaching");
  assert.deepEqual(await visit.page.locator("#terminal").boundingBox(), box);
  await screenshot(visit.page, "phone-reattaching");
  token.give();
  await visit.until("attached");
  await visit.type("Q");
  await visit.until("ended");
  assert.equal(await visit.page.locator("#key-bar").isVisible(), false);
  await screenshot(visit.page, "phone-ended");
  assert.deepEqual(visit.problems, []);
});

// What the reader copies and pastes, and what a program may copy.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { screenshot } from "@cliscale/e2e/browser";
import { type Stack, type Visit, openAs, startStack } from "./support/page.ts";

let stack: Stack;
let visit: Visit;

before(async () => {
  stack = await startStack();
  visit = await openAs(stack.browser, stack.site.url, "ada@example.com");
  await visit.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await start();
});

after(async () => {
  await stack?.stop();
});

async function start() {
  await visit.open(stack.site.url);
  await visit.start("template:shell");
  await visit.until("attached");
  // Or bash says that it can tell pasted text from typed.
  await visit.type("bind 'set enable-bracketed-paste off'\n");
  await visit.print("");
}

const clipboard = () => visit.page.evaluate(() => navigator.clipboard.readText());
const copyElsewhere = (text: string) => visit.page.evaluate((value) => navigator.clipboard.writeText(value), text);
const terminal = () => stack.backend.runs.at(-1)!.terminal!;
const question = () => visit.page.locator("dialog.question");

/** The browser pastes some time after it was told of the keys. */
async function pressPaste() {
  const { page } = visit;
  await page.locator("#terminal .xterm-helper-textarea").focus();
  const pasted = await visit.expectEvent("paste");
  await page.keyboard.press("Control+Shift+V");
  await pasted();
}

/** Types a mark, and returns how much has reached the program with it: nothing from before is on its way then. */
async function mark(): Promise<number> {
  const known = terminal().input.length;
  await visit.page.locator("#terminal .xterm-helper-textarea").focus();
  await visit.page.keyboard.type("#");
  await visit.eventually(() => Promise.resolve(terminal().input.includes("#", known)), true);
  return terminal().input.length;
}

/** Pastes by the keyboard, and returns what reaches the program of it once the action is done. */
async function paste(text: string, action?: () => Promise<unknown>): Promise<string> {
  await copyElsewhere(text);
  const known = await mark();
  await pressPaste();
  await action?.();
  await question().waitFor({ state: "detached" });
  const reached = terminal().input.slice(known, (await mark()) - 1);
  await visit.page.keyboard.press("Control+C");
  return reached;
}

const answer = (name: string) => question().getByRole("button", { name, exact: true }).click();

test("what is selected is copied by the keys, and at once where that is preferred", async () => {
  await visit.print("copy-me and-me\\n");
  const rows = (await visit.page.locator("#terminal .xterm-screen").boundingBox())!;
  const doubleClick = (x: number) => visit.page.mouse.dblclick(rows.x + x, rows.y + 8);
  await copyElsewhere("before");
  await doubleClick(20);
  assert.equal(await clipboard(), "before");
  await visit.page.keyboard.press("Control+Shift+C");
  await visit.eventually(clipboard, "copy-me");

  await visit.prefer({ copyOnSelect: true });
  await doubleClick(90);
  await visit.eventually(clipboard, "and-me");
  await visit.prefer({ copyOnSelect: false });
});

test("the menu of the right button gets what is selected, and its place to paste", async () => {
  await visit.print("right-here\\n");
  const rows = (await visit.page.locator("#terminal .xterm-screen").boundingBox())!;
  await visit.page.mouse.dblclick(rows.x + 20, rows.y + 8);
  await visit.page.mouse.click(rows.x + 20, rows.y + 8, { button: "right" });
  const selected = () =>
    visit.page.evaluate(() => {
      const { activeElement: field } = document;
      return field instanceof HTMLTextAreaElement && field.value.slice(field.selectionStart, field.selectionEnd);
    });
  await visit.eventually(selected, "right-here");
  await visit.page.keyboard.press("Escape");
});

test("one line is pasted at once, without what could act as keys", async () => {
  assert.equal(await paste("echo plain"), "echo plain");
  assert.equal(await paste("a\x1b[201~b\x03c\x00d\x7fe\u0085f\tg"), "a[201~bcdef\tg");
});

test("lines are pasted when the reader has seen them", async () => {
  const lines = "echo one\necho two\r\n  echo three\n";
  assert.equal(
    await paste(lines, async () => {
      await question().getByText("Paste 3 lines?").waitFor();
      await screenshot(visit.page, "terminal-paste");
      assert.equal(await question().locator("pre").textContent(), "echo one\necho two\n  echo three");
      // What the keyboard would answer is what leaves things as they are.
      await visit.page.keyboard.press("Enter");
    }),
    "",
  );
  assert.equal(await paste(lines, () => visit.page.keyboard.press("Escape")), "");
  assert.equal(await paste(lines, () => answer("Paste as one line")), "echo one echo two echo three");
  assert.equal(await paste(lines, () => answer("Paste")), "echo one\recho two\r  echo three\r");
  assert.equal(await paste("echo run\n", () => answer("Paste without running")), "echo run");
});

test("a program that can tell pasted text is given lines at once, and text cannot end its paste", async () => {
  await visit.print("\\e[?2004h");
  await visit.type("cat\n");
  const evil = "one\ntwo\x1b[201~rm -rf\n";
  const reached = await paste(evil);
  assert.equal(reached, "\x1b[200~one\rtwo[201~rm -rf\r\x1b[201~");
  await visit.print("\\e[?2004l");
});

test("a large paste arrives whole", async () => {
  await visit.type("clear; stty -echo raw; echo ready-$((1+1)); head -c 300001 | md5sum; stty sane\n");
  await visit.shows(/ready-2/);
  const known = terminal().input.length;
  const text = "0123456789".repeat(30_000);
  await copyElsewhere(text);
  await pressPaste();
  await visit.eventually(() => Promise.resolve(terminal().input.length - known), text.length);
  assert.equal(terminal().input.slice(known), text);
  await visit.page.keyboard.type("!");
  await visit.shows(/[0-9a-f]{32} {2}-/);
});

const osc52 = (text: string) => `\\e]52;c;${Buffer.from(text).toString("base64")}\\a`;

test("a program copies once it may, and what it is told holds for the session", async () => {
  await start();
  await copyElsewhere("kept");
  await visit.print(osc52("from <b>the</b> program"));
  await question().getByText("May the program copy").waitFor();
  // Typing goes on, and does not answer.
  await visit.type("echo typed-$((1 + 1))\n");
  await visit.shows(/typed-2/);
  assert.equal(await question().locator("pre").textContent(), "from <b>the</b> program");
  await screenshot(visit.page, "terminal-clipboard");
  assert.equal(await clipboard(), "kept");
  await answer("Allow");
  await visit.eventually(clipboard, "from <b>the</b> program");
  await visit.print(osc52("again: ü 😀"));
  await visit.eventually(clipboard, "again: ü 😀");

  // Neither more than is allowed, nor what is no text; and nothing clears it.
  await visit.type(
    `clear; printf '\\e]52;c;'; head -c 900000 /dev/zero | base64 -w0; printf '\\a'; echo big-$((1+1))\n`,
  );
  await visit.shows(/big-2/);
  await visit.print("\\e]52;c;/w==\\a\\e]52;c;\\a\\e]52;c;!\\a\\e]52;;\\a");
  assert.equal(await clipboard(), "again: ü 😀");

  // Another session asks anew, and no is no.
  await start();
  await visit.print(osc52("other"));
  await answer("Deny");
  await visit.print(osc52("and again"));
  assert.equal(await question().count(), 0);
  assert.equal(await clipboard(), "again: ü 😀");
});

test("a program does not copy while the page is not in front", async () => {
  await start();
  // A browser without windows says of every page that it is in front.
  await visit.page.evaluate(() => Object.assign(document, { hasFocus: () => false }));
  await visit.type(`sleep 0.5; printf '${osc52("unseen")}'; echo sent-$((1+1))\n`);
  await visit.shows(/sent-2/);
  assert.equal(await question().count(), 0);
  await visit.page.evaluate(() => Reflect.deleteProperty(document, "hasFocus"));
});

test("nothing of this failed unseen", () => {
  assert.deepEqual(visit.problems, []);
});

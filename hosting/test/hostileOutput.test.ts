// What a program prints is hostile: it must not act as the reader, leave the terminal, or pass for the page.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Stack, type Visit, openAs, startStack } from "./support/page.ts";

let stack: Stack;
let visit: Visit;

before(async () => {
  stack = await startStack();
  visit = await openAs(stack.browser, stack.site.url, "ada@example.com");
  await visit.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await visit.start("template:shell");
  await visit.until("attached");
});

after(async () => {
  await stack?.stop();
});

let printed = 0;

/** Prints bytes, given as for printf, on a cleared screen, and waits until they are drawn. */
async function print(format: string) {
  const count = ++printed;
  await visit.type(`clear; printf '${format}'; echo end-$((${count} + 1000))\n`);
  await visit.shows(new RegExp(`end-${count + 1000}`));
}

/** What reached the program while something was done, without what was typed. */
async function repliesTo(action: () => Promise<void>): Promise<string> {
  const { terminal } = stack.backend.runs[0]!;
  const known = terminal!.input.length;
  await action();
  return terminal!.input.slice(known).replace(/^clear;.*?\r/s, "");
}

test("a title is text, bounded, and not the page's own", async () => {
  await print("\\e]0;<img src=x onerror=alert(1)> %0500d\\a");
  const title = (await visit.page.locator("#title").textContent())!;
  assert.match(title, /^<img src=x onerror=alert\(1\)> 0+$/);
  assert.equal(title.length, 200);
  assert.equal(await visit.page.title(), "cliscale");
});

test("a query that a terminal may answer is answered", async () => {
  assert.equal(await repliesTo(() => print("\\e[c")), "\x1b[?1;2c");
});

test("the clipboard is neither read nor written", async () => {
  await visit.page.evaluate(`navigator.clipboard.writeText("kept")`);
  const stolen = Buffer.from("stolen").toString("base64");
  assert.equal(await repliesTo(() => print(`\\e]52;c;${stolen}\\a\\e]52;c;?\\a`)), "");
  assert.equal(await visit.page.evaluate("navigator.clipboard.readText()"), "kept");
});

test("the window is not reported, moved or resized", async () => {
  assert.equal(await repliesTo(() => print("\\e[21t\\e[20t\\e[14t\\e[16t\\e[18t\\e[8;10;10t\\e[3;0;0t")), "");
});

test("a link is followed only over http, and only when the reader agrees to its real address", async () => {
  const dialogs: string[] = [];
  visit.page.on("dialog", (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  const click = async (address: string) => {
    await print(`\\e]8;;${address}\\e\\\\https://harmless.example\\e]8;;\\e\\\\ `);
    await visit.page.locator("#terminal .xterm-screen").hover({ position: { x: 200, y: 100 } });
    await visit.page.locator("#terminal .xterm-screen").click({ position: { x: 30, y: 8 } });
  };
  await click("javascript:alert(document.domain)");
  await click("file:///etc/passwd");
  assert.deepEqual(dialogs, []);
  await click("http://elsewhere.example/?q=1");
  assert.equal(dialogs.length, 1);
  assert.match(dialogs[0]!, /http:\/\/elsewhere\.example\/\?q=1/);
  assert.equal(visit.context.pages().length, 1);
  assert.match(visit.page.url(), new RegExp(`^${stack.site.url}/#/session/`));
});

test("nothing of this ran as script of the page", () => {
  assert.deepEqual(visit.problems, []);
});

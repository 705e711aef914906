// What a program prints is hostile: it must not act as the reader, leave the terminal, or pass for the page.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Stack, type Visit, openAs, startStack } from "./support/page.ts";

let stack: Stack;
let visit: Visit;
/** Whatever the page asks another host for. */
const requests: string[] = [];

before(async () => {
  stack = await startStack();
  visit = await openAs(stack.browser, stack.site.url, "ada@example.com");
  await visit.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await visit.context.route(/elsewhere|evil/, async (route) => {
    requests.push(route.request().url());
    await route.fulfill({ body: "" });
  });
  await visit.start("template:shell", "stty raw -echo; cat > /dev/null");
  await visit.until("attached");
});

after(async () => {
  await stack?.stop();
});

const terminal = () => stack.backend.runs[0]!.terminal!;
/** A mode that no terminal has: the reply to this shows that no other is on its way. */
const last = { query: "\x1b[?31338$p", reply: "\x1b[?31338;0$y" };

/** What reaches the program while it prints something on a cleared screen. */
async function repliesTo(printed: string): Promise<string> {
  const known = terminal().input.length;
  terminal().print(`\x18\x1b[m\x1b[2J\x1b[H${printed}\x18${last.query}`);
  const replies = () => terminal().input.slice(known);
  await visit.eventually(() => Promise.resolve(replies().endsWith(last.reply)), true, 60_000);
  return replies().slice(0, -last.reply.length);
}

const question = () => visit.page.locator("dialog.question");

/** The page is where it was, alone, and nothing came into it that was not there. */
async function assertUnmoved() {
  assert.match(visit.page.url(), new RegExp(`^${stack.site.url}/#/session/`));
  assert.equal(visit.context.pages().length, 1);
  assert.deepEqual(requests, []);
  assert.equal(await visit.page.locator("#terminal :is(img, script, iframe, object, a, form)").count(), 0);
}

/** The documented replies: what is asked, and what the page answers, with ␛ for an escape. */
const answered: Record<string, RegExp> = {
  "\x1b[c": /^␛\[\?1;2c$/,
  "\x1b[0c": /^␛\[\?1;2c$/,
  "\x1b[>c": /^␛\[>0;276;0c$/,
  "\x1b[5n": /^␛\[0n$/,
  "\x1b[3;4H\x1b[6n": /^␛\[3;4R$/,
  "\x1b[3;4H\x1b[?6n": /^␛\[\?3;4R$/,
  "\x1b[?2004$p": /^␛\[\?2004;[12]\$y$/,
  "\x1b[?31337$p": /^␛\[\?31337;0\$y$/,
  "\x1b[4$p": /^␛\[4;2\$y$/,
  "\x1bP$qm\x1b\\": /^␛P1\$r0m␛\\$/,
  "\x1bP$qr\x1b\\": /^␛P1\$r1;\d+r␛\\$/,
  '\x1bP$q"p\x1b\\': /^␛P1\$r61;1"p␛\\$/,
  "\x1bP$q q\x1b\\": /^␛P1\$r\d q␛\\$/,
  "\x1bP$qhostile\x1b\\": /^␛P0\$r␛\\$/,
  "\x1b]4;1;?\x07": /^␛\]4;1;rgb:[0-9a-f/]{14}␛\\$/,
  "\x1b]10;?\x07": /^␛\]10;rgb:[0-9a-f/]{14}␛\\$/,
  "\x1b]11;?\x07": /^␛\]11;rgb:[0-9a-f/]{14}␛\\$/,
  "\x1b]12;?\x07": /^␛\]12;rgb:[0-9a-f/]{14}␛\\$/,
};

for (const [query, reply] of Object.entries(answered)) {
  test(`the query ${JSON.stringify(query)} is answered, once and as documented`, async () => {
    assert.match((await repliesTo(query)).replaceAll("\x1b", "␛"), reply);
  });
}

/** Queries and commands of other terminals, by what they are for. */
const unanswered: Record<string, string> = {
  answerback: "\x05",
  "the name of the terminal": "\x1b[>q\x1b[>0q",
  "its unit": "\x1b[=c",
  "its parameters": "\x1b[x\x1b[1x",
  "kitty's keyboard": "\x1b[?u\x1b[>1u\x1b[=1u",
  "how keys are modified": "\x1b[?4m",
  "the limits of pictures": "\x1b[?1;1;0S\x1b[?2;1;0S",
  "capabilities of termcap": "\x1bP+q544e;636f\x1b\\",
  "the state of the cursor and of tabs": "\x1b[1$w\x1b[2$w",
  "a checksum of the screen": "\x1b[1;1;1;1;5;5*y",
  "the size, place and state of the window":
    "\x1b[11t\x1b[13t\x1b[14t\x1b[14;2t\x1b[15t\x1b[16t\x1b[18t\x1b[19t\x1b[13;2t",
  titles: "\x1b[20t\x1b[21t\x1b[22;0t\x1b[23;0t",
  "another size or place": "\x1b[1t\x1b[2t\x1b[3;0;0t\x1b[4;9;9t\x1b[5t\x1b[6t\x1b[7t\x1b[8;10;10t\x1b[9;1t\x1b[10;1t",
  "the clipboard": "\x1b]52;c;?\x07\x1b]52;p;?\x07\x1b]52;;?\x1b\\\x1b]52;cps01234567;?\x07",
  "other colours": "\x1b]13;?\x07\x1b]17;?\x07\x1b]19;?\x07\x1b]5;0;?\x07\x1b]21;foreground=?\x07",
  "the font": "\x1b]50;?\x07",
  "the folder and the host": "\x1b]7;file://evil/etc\x07\x1b]1337;CurrentDir=?\x07\x1b]1337;ReportCellSize\x07",
  "variables of iTerm": "\x1b]1337;ReportVariable=c2Vzc2lvbi5uYW1l\x07\x1b]1337;Capabilities\x07",
  "graphics of kitty": "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\",
  "text of the reader's keys": "\x1bP$t1\x1b\\\x1b]777;notify;a;b\x07\x1b]9;text\x07\x1b]99;i=1;text\x07",
  "macros and printing": "\x1bP1;0;0!z616263\x1b\\\x1b[1*z\x1b[5i\x1b[4i\x1b[i",
  "a private message": "\x1b^hello\x1b\\\x1bXhello\x1b\\\x1b_hello\x1b\\",
};

for (const [what, format] of Object.entries(unanswered)) {
  test(`nothing is told of ${what}`, async () => {
    const size = await visit.page.evaluate("[innerWidth, innerHeight, screenX, screenY].join()");
    assert.equal(await repliesTo(format), "");
    assert.equal(await visit.page.evaluate("[innerWidth, innerHeight, screenX, screenY].join()"), size);
    assert.equal(await question().count(), 0);
    await assertUnmoved();
  });
}

test("a title is text, bounded, without what turns text around, and follows the page's own name", async () => {
  const shown = () => visit.page.locator("#title").textContent();
  await repliesTo(`\x1b]0;<img src=x onerror=alert(1)> ${"0".repeat(500)}\x07`);
  await visit.eventually(shown, `<img src=x onerror=alert(1)> ${"0".repeat(171)}`);
  const tab = await visit.page.title();
  assert.match(tab, /^<img src=x onerror=alert\(1\)> 0+ – cliscale$/);
  assert.ok(tab.length < 100);
  await repliesTo("\x1b]2;a\u202eb\u2066c\u200fd\u00ade\x07");
  await visit.eventually(shown, "abcde");
  await repliesTo("\x1b]2;\x07");
});

test("the clipboard is neither read nor written unasked", async () => {
  await visit.page.evaluate(`navigator.clipboard.writeText("kept")`);
  const stolen = Buffer.from("stolen").toString("base64");
  assert.equal(await repliesTo(`\x1b]52;c;${stolen}\x07\x1b]52;c;?\x07`), "");
  await question().getByRole("button", { name: "Deny" }).click();
  assert.equal(await repliesTo(`\x1b]52;c;${stolen}\x07\x1b]52;c;?\x07`), "");
  assert.equal(await question().count(), 0);
  assert.equal(await visit.page.evaluate("navigator.clipboard.readText()"), "kept");
});

/** Clicks on a link that shows a harmless address, and returns where the reader is told that it leads. */
async function click(address: string): Promise<string | undefined> {
  await repliesTo(`\x1b]8;;${address}\x1b\\https//harmless\x1b]8;;\x1b\\ `);
  await visit.shows(/https\/\/harmless/);
  const screen = visit.page.locator("#terminal .xterm-screen");
  await screen.hover({ position: { x: 300, y: 150 } });
  await screen.hover({ position: { x: 30, y: 8 } });
  await screen.click({ position: { x: 30, y: 8 } });
  await visit.page.waitForTimeout(100);
  if ((await question().count()) === 0) return undefined;
  const told = (await question().innerText()).replaceAll(/\s+/g, " ");
  await visit.page.keyboard.press("Escape");
  await question().waitFor({ state: "detached" });
  return told;
}

test("a link leads nowhere but to http", async () => {
  for (const address of [
    "javascript:alert(document.domain)",
    "JaVaScRiPt:alert(1)//https://elsewhere.example",
    "data:text/html,<script>alert(1)</script>",
    "file:///etc/passwd",
    "vscode://file/etc/passwd",
    "blob:https://elsewhere.example/1",
    "view-source:https://elsewhere.example/",
    "//elsewhere.example/",
    "/logout",
    "https://",
    `https://elsewhere.example/${"a".repeat(3000)}`,
  ]) {
    assert.equal(await click(address), undefined, address);
  }
  await assertUnmoved();
});

test("a link is shown as where it leads", async () => {
  assert.match(
    (await click("http://elsewhere.example/?q=1"))!,
    /Open elsewhere\.example\?.*http:\/\/elsewhere\.example\/\?q=1 /,
  );
  assert.match((await click("https://google.com@evil.example/"))!, /Open evil\.example\?.* https:\/\/evil\.example\/ /);
  assert.match((await click("https://gооgle.example/"))!, /Open xn--/);
  assert.match((await click("https://elsewhere.example/<b>x</b>"))!, /elsewhere\.example\/%3Cb%3Ex%3C\/b%3E/);
  await assertUnmoved();
});

/** Bytes of the page's heap that are in use. */
async function used(): Promise<number> {
  const browser = await visit.context.newCDPSession(visit.page);
  await browser.send("HeapProfiler.collectGarbage");
  const { usedSize } = await browser.send("Runtime.getHeapUsage");
  await browser.detach();
  return usedSize;
}

test("sequences that do not end take bounded memory, and the next one counts", async () => {
  const usual = await used();
  for (const opening of ["]0;", "]52;c;", "]8;;", "]1337;File=:", "P$q", "Pq", "_G", "^", "[1;"]) {
    assert.equal(await repliesTo(`\x1b${opening}${"1".repeat(1_000_000)}`), "");
  }
  // More than is kept of one.
  let most = 0;
  terminal().print("\x1b]0;");
  for (let pieces = 0; pieces < 6; pieces++) {
    const known = terminal().resumed;
    terminal().print("1".repeat(1_000_000));
    // A piece is so large that the page has the program pause until it is drawn: what waits is not what is measured.
    await visit.eventually(() => Promise.resolve(terminal().resumed > known), true);
    most = Math.max(most, await used());
  }
  assert.equal(await repliesTo(""), "");
  assert.ok(most - usual < 8_000_000, `the page has grown by ${most - usual} bytes`);
  assert.equal(await repliesTo("\x1b[5n"), "\x1b[0n");
  await assertUnmoved();
});

test("pictures that the reader has not asked for, and files, are not taken", async () => {
  const downloads: string[] = [];
  visit.page.on("download", (download) => downloads.push(download.url()));
  await repliesTo("\x1bPq#1;2;100;0;0#1!12~-\x1b\\");
  await repliesTo("\x1b]1337;File=name=ZXZpbA==;size=4;inline=0:QUJDRA==\x07");
  await repliesTo("\x1b]1337;File=name=ZXZpbA==;inline=1:R0lGODlhAQABAAAAACw=\x07");
  assert.equal(await visit.page.locator("#terminal canvas").count(), 0);
  assert.deepEqual(downloads, []);
  await assertUnmoved();
});

test("text that looks like markup, and characters that overlap, stay in the terminal", async () => {
  await repliesTo("<script>alert(1)</script><img src=//elsewhere.example onerror=alert(1)>\u0600<b>");
  await visit.shows(/<script>alert/);
  await repliesTo(`${"\u0301".repeat(5000)}\u202eevil`);
  await visit.shows(/evil/);
  await assertUnmoved();
});

test("nothing of this ran as script of the page", () => {
  assert.deepEqual(visit.problems, []);
});

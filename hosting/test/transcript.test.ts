// What the terminal holds, as a file.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { screenshot } from "@cliscale/e2e/browser";
import xterm from "@xterm/headless";
import { type Stack, type Visit, openAs, startStack } from "./support/page.ts";

let stack: Stack;
let visit: Visit;
let folder: string;

const hostile = `<script>document.title = "run"</script><img src=x onerror=alert(1)>`;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "cliscale-transcripts-"));
  stack = await startStack();
  visit = await openAs(stack.browser, stack.site.url, "ada@example.com");
  const output = `for i in $(seq 3000); do echo line-$i; done; printf '\\e[1;31mred\\e[0m é 你好 👍\\n'; echo '${hostile}'`;
  await visit.start("template:shell", `${output}; printf 'ready> '; read answer; exit 4`);
  await visit.shows(/ready>/);
});

after(async () => {
  await stack?.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Download {
  name: string;
  path: string;
  content: string;
}

async function download(form: "text" | "ansi" | "html", opener = "#tool-transcript"): Promise<Download> {
  await visit.page.locator(opener).click();
  const [file] = await Promise.all([
    visit.page.waitForEvent("download"),
    visit.page.locator(`#transcript-menu [data-form="${form}"]`).click(),
  ]);
  const name = file.suggestedFilename();
  const path = join(folder, name);
  await file.saveAs(path);
  return { name, path, content: await readFile(path, "utf8") };
}

const lines = Array.from({ length: 3000 }, (_, index) => `line-${index + 1}`);
const expected = [...lines, "red é 你好 👍", hostile, "ready>"];

test("as text it has all the lines and nothing else, in a file named for session and time", async () => {
  const { name, content } = await download("text");
  assert.deepEqual(content.trimEnd().split("\n"), expected);
  const { id } = stack.backend.runs[0]!.session;
  assert.match(name, new RegExp(`^cliscale-${id}-\\d{8}T\\d{6}Z\\.txt$`));
});

test("as ANSI, another terminal shows the same text in the same colours", async () => {
  const { name, content } = await download("ansi");
  assert.match(name, /\.ansi$/);
  const copy = new xterm.Terminal({ cols: 200, rows: 50, scrollback: 10_000, allowProposedApi: true });
  await new Promise<void>((resolve) => copy.write(content, resolve));
  const { active } = copy.buffer;
  const shown = Array.from({ length: active.length }, (_, row) => active.getLine(row)!.translateToString(true));
  assert.deepEqual(
    shown.map((line) => line.trimEnd()).filter((line) => line !== ""),
    expected,
  );
  const cell = active.getLine(3000)!.getCell(0)!;
  assert.deepEqual([cell.getChars(), cell.getFgColor(), cell.isBold() !== 0], ["r", 1, true]);
});

test("as HTML it stands alone: escaped, in colour, and without anything that runs or is loaded", async () => {
  const { path, content } = await download("html");
  assert.doesNotMatch(content, /<script|<img|<link|https?:/);
  const context = await stack.browser.newContext({ viewport: { width: 1000, height: 700 } });
  const requests: string[] = [];
  context.on("request", (request) => requests.push(request.url()));
  const page = await context.newPage();
  await page.goto(`file://${path}`);
  const text = (await page.locator("body").innerText()).replaceAll("\u00a0", " ");
  for (const line of ["line-1", "line-3000", "red é 你好 👍", hostile]) assert.ok(text.includes(line), line);
  assert.notEqual(await page.title(), "run");
  assert.equal(await page.locator("script, img, iframe, object").count(), 0);
  const red = page.locator("span", { hasText: /^red$/ });
  const style = await red.evaluate((span) => {
    const { color, fontWeight } = getComputedStyle(span);
    return { color, fontWeight };
  });
  assert.match(style.color, /^rgb\((1[5-9]\d|2\d\d), \d{1,2}, \d{1,2}\)$/);
  assert.ok(Number(style.fontWeight) >= 600 || style.fontWeight === "bold");
  await red.scrollIntoViewIfNeeded();
  await screenshot(page, "transcript-html");
  assert.deepEqual(
    requests.filter((url) => !url.startsWith("file:")),
    [],
  );
  await context.close();
});

test("the menu is worked by keys alone, and closes by Escape", async () => {
  const focused = () => visit.page.evaluate("document.activeElement.dataset.form ?? document.activeElement.id");
  await visit.page.locator("#tool-transcript").focus();
  await visit.page.keyboard.press("Enter");
  assert.equal(await focused(), "text");
  await visit.page.keyboard.press("ArrowDown");
  assert.equal(await focused(), "ansi");
  await visit.page.keyboard.press("ArrowUp");
  await visit.page.keyboard.press("ArrowUp");
  assert.equal(await focused(), "html");
  await screenshot(visit.page, "transcript-menu");
  await visit.page.keyboard.press("Escape");
  assert.equal(await visit.page.locator("#transcript-menu").isVisible(), false);
  assert.equal(await focused(), "tool-transcript");
});

test("it can be had after the end too, from the end's own button", async () => {
  await visit.type("\n");
  assert.equal(await visit.until("ended"), "The command has ended with exit code 4.");
  await visit.shows(/ready>/);
  await screenshot(visit.page, "ended-with-transcript");
  const { content } = await download("text", "#end-transcript");
  assert.deepEqual(content.trimEnd().split("\n"), expected);

  // A page that comes after the end has no terminal to write down.
  await visit.page.reload();
  await visit.until("ended");
  assert.equal(await visit.page.locator("#end-transcript").isVisible(), false);
  assert.equal(await visit.page.locator("#tool-transcript").isDisabled(), true);
});

test("nothing of this was blocked by the Content-Security-Policy, or failed unseen", () => {
  assert.deepEqual(visit.problems, []);
});

// Grapheme clusters stand as one on the page: in its cells, as they look, and for whatever reads them there.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { screenshot } from "@cliscale/e2e/browser";
import { type ClusterName, clusters, columnsOf } from "@cliscale/e2e/cuts/clusters";
import { createHeadlessTerminal } from "@cliscale/e2e/cuts/headlessTerminal";
import { readState } from "@cliscale/e2e/cuts/terminalState";
import { type Stack, type Visit, openAs, startStack } from "./support/page.ts";

let stack: Stack;
let visit: Visit;

before(async () => {
  stack = await startStack();
  visit = await openAs(stack.browser, stack.site.url, "ada@example.com");
  await visit.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await visit.start("template:shell", "stty raw -echo; cat > /dev/null");
  await visit.until("attached");
});

after(async () => {
  await stack?.stop();
});

const terminal = () => stack.backend.runs[0]!.terminal!;
const clipboard = () => visit.page.evaluate(() => navigator.clipboard.readText());
const screen = () => visit.page.locator("#terminal .xterm-screen");

/** Prints on a cleared screen, and returns where the page then says that the cursor is, counted from 1. */
async function print(text: string): Promise<{ row: number; column: number }> {
  const known = terminal().input.length;
  terminal().print(`\x1b[2J\x1b[3J\x1b[H${text}\x1b[6n`);
  // oxlint-disable-next-line no-control-regex
  const reported = () => /\x1b\[(\d+);(\d+)R$/.exec(terminal().input.slice(known));
  await visit.eventually(() => Promise.resolve(reported() !== null), true);
  const [row, column] = reported()!.slice(1).map(Number);
  return { row: row!, column: column! };
}

/** The pixels of a cell, and where the first one is. */
async function cells() {
  const { row: rows, column: columns } = await print("\x1b[999;999H");
  const box = (await screen().boundingBox())!;
  const [width, height] = [box.width / columns, box.height / rows];
  /** The middle of a cell in the first row, counted from 0. */
  const middle = (column: number) => [box.x + (column + 0.5) * width, box.y + height / 2] as const;
  return { columns, rows, width, left: box.x, middle };
}

const whole = Object.entries(columnsOf) as [ClusterName, number][];
const words = `${clusters.family}${clusters.flag} ${clusters.accent} 你好 ${clusters.keycap}${clusters.coder}`;

test("each takes as many columns as in the runner, and what follows it stands there", async () => {
  const { width, left } = await cells();
  await print(whole.map(([name]) => `${clusters[name]}|\r\n`).join(""));
  await screenshot(visit.page, "terminal-graphemes");
  for (const [name, columns] of whole) {
    const { column } = await print(`${clusters[name]}|`);
    assert.equal(column, columns + 2, name);
    const bar = () =>
      visit.page.locator("#terminal .xterm-rows > div:first-child").evaluate((row) => {
        const texts = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
        for (let node = texts.nextNode(); node; node = texts.nextNode()) {
          const index = node.textContent!.indexOf("|");
          if (index === -1) continue;
          const range = document.createRange();
          range.setStart(node, index);
          range.setEnd(node, index + 1);
          return range.getBoundingClientRect().left;
        }
        return undefined;
      });
    await visit.eventually(async () => Math.round(((await bar()) ?? Infinity) - left), Math.round(columns * width));
  }
});

test("the pointer selects and copies a whole one, and words of them", async () => {
  const { middle } = await cells();
  await print(words);
  const { mouse, keyboard } = visit.page;
  await visit.page.bringToFront();
  // From the middle of the family's first cell into the second of the flag.
  await mouse.move(...middle(0));
  await mouse.down();
  await mouse.move(...middle(3), { steps: 4 });
  await mouse.up();
  await keyboard.press("Control+Shift+C");
  await visit.eventually(clipboard, clusters.family + clusters.flag);
  await mouse.dblclick(...middle(8));
  await keyboard.press("Control+Shift+C");
  await visit.eventually(clipboard, "你好");
  await mouse.dblclick(...middle(15));
  await keyboard.press("Control+Shift+C");
  await visit.eventually(clipboard, clusters.keycap + clusters.coder);
});

test("search finds them, and what stands behind them", async () => {
  await print(`${words} needle ${clusters.flag}`);
  await visit.page.locator("#terminal .xterm-helper-textarea").focus();
  await visit.page.keyboard.press("Control+Shift+F");
  for (const [query, count] of [
    ["needle", 1],
    [clusters.flag, 2],
    [clusters.coder, 1],
    ["e\u0301 你", 1],
  ] as const) {
    await visit.page.locator("#search-query").fill(query);
    await visit.page.locator("#search-result").getByText(`${count} of ${count}`, { exact: true }).waitFor();
    await visit.page.locator("#terminal .xterm-helper-textarea").focus();
    await visit.page.keyboard.press("Control+Shift+C");
    await visit.eventually(clipboard, query);
  }
  await visit.page.locator("#search-close").click();
});

test("an address behind them is a link, from its first character to its last", async () => {
  const { middle } = await cells();
  const address = "https://example.com/a";
  const { column } = await print(`${words} ${address}`);
  const question = visit.page.locator("dialog.question");
  for (const at of [column - 1 - address.length, column - 2]) {
    // What links a row has is found when the pointer comes to it.
    await screen().hover({ position: { x: 300, y: 150 } });
    await visit.page.mouse.move(...middle(at));
    await visit.page.mouse.click(...middle(at));
    await question.getByText(address).waitFor();
    await question.getByRole("button", { name: "Cancel", exact: true }).click();
  }
  await visit.page.mouse.click(...middle(column - 1));
  assert.equal(await question.count(), 0);
});

async function download(form: "text" | "ansi" | "html"): Promise<string> {
  await visit.page.locator("#tool-transcript").click();
  const [file] = await Promise.all([
    visit.page.waitForEvent("download"),
    visit.page.locator(`#transcript-menu [data-form="${form}"]`).click(),
  ]);
  return readFile(await file.path(), "utf8");
}

test("a transcript has them whole, and as ANSI in the same cells of another terminal", async () => {
  const { columns, rows } = await cells();
  await print(words);
  assert.equal((await download("text")).trimEnd(), words);
  assert.ok((await download("html")).includes(words));

  const all = Object.values(clusters);
  const sideBySide = all.flatMap((left) => all.map((right) => `\x1b[9G${right}\x1b[8G${left}\r\n`));
  const atTheEdge = all.map((cluster) => `\x1b[${columns - 1}Gx${cluster}${cluster}\x1b[31m${cluster}\x1b[m\r\n`);
  const output = [...sideBySide, ...atTheEdge].join("");
  await print(output);
  const linesOf = async (text: string) => {
    const copy = createHeadlessTerminal({ columns, rows });
    await new Promise<void>((resolve) => copy.write(text, resolve));
    return readState(copy).normal.lines.filter((line) => line !== "|");
  };
  assert.deepEqual(await linesOf(await download("ansi")), await linesOf(output));
});

test("nothing of this failed unseen", () => {
  assert.deepEqual(visit.problems, []);
});

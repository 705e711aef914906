// How the terminal looks: themes, sizes, and what draws it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { screenshot } from "@cliscale/e2e/browser";
import { type Stack, type Visit, openAs, startStack } from "./support/page.ts";

let stack: Stack;
let visit: Visit;

before(async () => {
  stack = await startStack();
  visit = await openAs(stack.browser, stack.site.url, "ada@example.com");
  await visit.start("template:shell");
  await visit.until("attached");
});

after(async () => {
  await stack?.stop();
});

/** The colour around the cells. */
const background = () =>
  visit.page.locator("#terminal").evaluate((element) => getComputedStyle(element).backgroundColor);
const colours = { light: "rgb(255, 255, 255)", dark: "rgb(20, 24, 28)", high: "rgb(0, 0, 0)" };
const colourful = "\\e[31mred \\e[90mgrey \\e[34mblue \\e[7m inverse \\e[m\\e[1mbold\\e[m \\e[38;5;234mfaint\\e[m\\n";
const sizeOf = () =>
  visit.page.locator("#terminal .xterm-rows").evaluate((element) => getComputedStyle(element).fontSize);
const press = (keys: string) => visit.page.locator("#terminal .xterm-helper-textarea").press(keys);

test("the theme is the reader's, or the system's, and follows both at once", async () => {
  await visit.print(colourful);
  await visit.eventually(background, colours.light);
  await visit.page.emulateMedia({ colorScheme: "dark" });
  await visit.eventually(background, colours.dark);
  await screenshot(visit.page, "terminal-dark");
  await visit.page.emulateMedia({ contrast: "more" });
  await visit.eventually(background, colours.high);
  await visit.page.emulateMedia({ contrast: null, colorScheme: "light" });
  await visit.eventually(background, colours.light);
  await screenshot(visit.page, "terminal-light");
  await visit.prefer({ theme: "dark" });
  await visit.eventually(background, colours.dark);
  await visit.prefer({ theme: "high-contrast" });
  await visit.eventually(background, colours.high);
  await screenshot(visit.page, "terminal-high-contrast");
  await visit.prefer({ theme: "light" });
  await visit.eventually(background, colours.light);
  await visit.prefer({ theme: "system" });
});

test("colours of programs keep their distance from the background", async () => {
  await visit.prefer({ theme: "dark" });
  await visit.print("\\e[38;2;20;24;30mhidden\\e[m\\n");
  const text = visit.page.locator("#terminal .xterm-rows span", { hasText: "hidden" });
  await visit.eventually(async () => {
    const colour = await text.evaluate((element) => getComputedStyle(element).color);
    return colour.match(/\d+/g)!.reduce((sum, part) => sum + Number(part), 0) / 3 > 100;
  }, true);
  await visit.prefer({ theme: "system" });
});

test("the keys change the size of the text, and programs learn what fits", async () => {
  const rows = async () => Number(/^(\d+) \d+$/m.exec(await visit.print(`'"$(stty size)"'\\n`))![1]);
  const usual = await rows();
  assert.equal(await sizeOf(), "14px");
  for (let times = 0; times < 4; times++) await press("Control++");
  await visit.eventually(sizeOf, "18px");
  await visit.fits(1000);
  await visit.eventually(async () => (await rows()) < usual, true);
  await screenshot(visit.page, "terminal-large-text");
  await press("Control+-");
  await visit.eventually(sizeOf, "17px");
  await press("Control+0");
  await visit.eventually(sizeOf, "14px");
  await visit.eventually(rows, usual);
  for (let times = 0; times < 12; times++) await press("Control+-");
  await visit.eventually(sizeOf, "8px");
  await press("Control+0");
  // The page itself has not been enlarged, and the keys went no further.
  assert.equal(await visit.page.evaluate(() => window.visualViewport?.scale), 1);
  const { input } = stack.backend.runs[0]!.terminal!;
  // oxlint-disable-next-line no-control-regex
  assert.doesNotMatch(input, /\x1f/);
});

test("rows are offered to screen readers where that is preferred", async () => {
  const tree = visit.page.locator("#terminal .xterm-accessibility-tree");
  assert.equal(await tree.count(), 0);
  await visit.prefer({ screenReader: true });
  await visit.print("readable\\n");
  await tree.getByRole("listitem").filter({ hasText: "readable" }).waitFor();
  await visit.prefer({ screenReader: false });
  await tree.waitFor({ state: "detached" });
});

test("the cursor stands still until the program has it blink", async () => {
  const blinks = () => visit.page.locator("#terminal .xterm-cursor-blink").count();
  await visit.print("");
  assert.equal(await blinks(), 0);
  await visit.print("\\033[?12h");
  await visit.eventually(blinks, 1);
  await visit.print("\\033[?12l");
  await visit.eventually(blinks, 0);
});

test("without a graphics card the DOM draws", async () => {
  assert.equal(await visit.page.locator("#terminal .xterm-screen canvas").count(), 0);
});

test("a graphics card draws, and when it is taken away the DOM does", async () => {
  const accelerated = await openAs(stack.browser, stack.site.url, "card@example.com");
  // The tests' browser draws with the processor and says so; this page is told otherwise.
  await accelerated.page.addInitScript(() => {
    const unmaskedRenderer = 0x9246;
    const context = WebGL2RenderingContext.prototype;
    // oxlint-disable-next-line typescript/unbound-method
    context.getParameter = new Proxy(context.getParameter, {
      apply: (getParameter, gl, [name]) =>
        name === unmaskedRenderer ? "A Card 3000" : (Reflect.apply(getParameter, gl, [name]) as unknown),
    });
  });
  await accelerated.open(stack.site.url);
  await accelerated.prefer({ screenReader: true });
  await accelerated.start("template:shell");
  await accelerated.until("attached");
  const canvas = accelerated.page.locator("#terminal .xterm-screen canvas:not(.xterm-link-layer)");
  await canvas.waitFor();
  await accelerated.type(`clear; printf '${colourful}'; echo drawn-$((1+1))\n`);
  // What is drawn can be read in any case.
  const readable = accelerated.page.locator("#terminal .xterm-accessibility-tree");
  await readable.getByText("drawn-2").waitFor();
  assert.equal(await accelerated.page.locator("#terminal .xterm-rows").count(), 0);
  await screenshot(accelerated.page, "terminal-webgl");

  await canvas.evaluate((element) =>
    (element as HTMLCanvasElement).getContext("webgl2")!.getExtension("WEBGL_lose_context")!.loseContext(),
  );
  await accelerated.shows(/red grey blue .*drawn-2/s);
  assert.equal(await canvas.count(), 0);
  await accelerated.print("goes on\\n");
  await screenshot(accelerated.page, "terminal-webgl-lost");
  assert.deepEqual(accelerated.problems, []);
  await accelerated.context.close();
});

test("nothing of this failed unseen", () => {
  assert.deepEqual(visit.problems, []);
});

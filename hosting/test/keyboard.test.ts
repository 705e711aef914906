// The whole way without a mouse: signing in, starting, leaving the terminal, stopping, and coming back by the list.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Stack, openProfile, startStack } from "./support/page.ts";

let stack: Stack;

before(async () => {
  stack = await startStack();
});
after(() => stack?.stop());

test("everything is reached and done by keys, and one sees where one is", async () => {
  const visit = await openProfile(stack.browser);
  const { context, page, problems } = visit;
  const focused = () => page.evaluate<string>("document.activeElement.id || document.activeElement.textContent");
  const press = (key: string) => page.keyboard.press(key);
  /** Tabs on until something has the focus; whatever has it on the way is visibly marked. */
  const tabTo = async (wanted: string, key = "Tab") => {
    for (let presses = 0; presses < 40; presses++) {
      if ((await focused()) === wanted) return;
      await press(key);
      const isMarked = await page.evaluate(
        "document.activeElement === document.body || getComputedStyle(document.activeElement).outlineStyle !== 'none'",
      );
      assert.ok(isMarked, `${await focused()} has no mark`);
    }
    assert.fail(`${key} does not reach ${wanted}`);
  };

  await page.goto(stack.site.url);
  await page.locator("#sign-in").waitFor();
  await tabTo("email");
  await page.keyboard.type("kim@example.com");
  await tabTo("password");
  await page.keyboard.type("correct horse");
  await tabTo("sign-up");
  await press("Enter");
  await page.locator("#start").waitFor();

  await tabTo("source");
  await press("ControlOrMeta+a");
  await page.keyboard.type("template:shell");
  await press("Enter");
  await visit.until("attached");
  // The terminal has the focus by itself, and Tab is the program's.
  await page.keyboard.type("echo by-keys-$((40 + 2))\n");
  await visit.shows(/by-keys-42/);
  await press("Tab");
  assert.equal(await page.evaluate("document.activeElement.className"), "xterm-helper-textarea");

  await press("Shift+F6");
  assert.notEqual(await page.evaluate("document.activeElement.className"), "xterm-helper-textarea");
  await tabTo("stop");
  await press("Enter");
  await visit.until("ended");
  await tabTo("Sessions", "Shift+Tab");
  await press("Enter");
  await page.locator('.session[data-state="ended"]').waitFor();
  await tabTo("session-filter");
  await tabTo("Start again");
  await press("Enter");
  await page.locator("#start-form").waitFor();
  assert.equal(await focused(), "start");
  assert.equal(await page.locator("#source").inputValue(), "template:shell");
  await tabTo("sign-out", "Shift+Tab");
  await press("Enter");
  await page.locator("#sign-in").waitFor();
  assert.deepEqual(problems, []);
  await context.close();
});

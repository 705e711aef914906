import assert from "node:assert/strict";
import { test } from "node:test";
import { keyNames, keysInWords, shortcutOf, shortcuts } from "../src/shortcuts.ts";

const plain = { code: "", ctrlKey: false, shiftKey: false, altKey: false, metaKey: false };
const control = { ...plain, ctrlKey: true };
const both = { ...control, shiftKey: true };
const command = { ...plain, metaKey: true };

test("what the table names is what is acted on, on every platform", () => {
  for (const mac of [false, true]) {
    for (const { id, chord, macChord } of shortcuts) {
      const { ctrl, shift, meta, keys } = (mac && macChord) || chord;
      const pressed = { ...plain, ctrlKey: !!ctrl, shiftKey: !!shift, metaKey: !!meta };
      for (const key of keys) assert.equal(shortcutOf({ ...pressed, key }, mac), id);
    }
  }
});

test("a letter is found by what it writes, and by its place only where the layout has no Latin letters", () => {
  assert.equal(shortcutOf({ ...both, key: "F", code: "KeyU" }, false), "search");
  assert.equal(shortcutOf({ ...both, key: "U", code: "KeyF" }, false), undefined);
  assert.equal(shortcutOf({ ...both, key: "А", code: "KeyF" }, false), "search");
});

test("a program's keys stay its own", () => {
  for (const key of ["c", "v", "f", "w", "r", "_", "/"])
    assert.equal(shortcutOf({ ...control, key }, false), undefined);
  assert.equal(shortcutOf({ ...control, key: "-", shiftKey: true }, false), undefined);
  assert.equal(shortcutOf({ ...both, altKey: true, key: "F" }, false), undefined);
  assert.equal(shortcutOf({ ...plain, key: "F1" }, false), undefined);
  assert.equal(shortcutOf({ ...command, key: "f" }, false), undefined);
  assert.equal(shortcutOf({ ...both, key: "F" }, true), undefined);
});

test("keys are named as they stand on the keyboard", () => {
  assert.equal(keysInWords("search", false), "Ctrl+Shift+F");
  assert.equal(keysInWords("search", true), "⌘F");
  assert.equal(keysInWords("leave", true), "⇧F6");
  assert.deepEqual(
    keyNames(
      shortcuts.find(({ id }) => id === "shortcuts")!,
      true,
    ),
    ["⌃", "⇧", "?"],
  );
});

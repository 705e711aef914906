import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { renew } from "../reference/page.ts";
import { requireSamples } from "../reference/samples.ts";
import { callables } from "../src/index.ts";

let page: string;

before(async () => {
  page = await readFile(join(import.meta.dirname, "../../../docs/api.md"), "utf8");
});

/** How the page reads when the space that its formatter puts into tables is left out. */
const unpadded = (text: string) => text.replaceAll(/ +/g, " ").replaceAll(/-{3,}/g, "---");

test("the API reference is what the schemas say, and what is changed in it by hand is set right", () => {
  assert.equal(unpadded(renew(page)), unpadded(page));
  const changed = page.replace("must be at least 60", "must be at least 59").replace("| `pageSize`", "| `pageLength`");
  assert.equal(unpadded(renew(changed)), unpadded(page.replace("must be at least 60", "must be at least 59")));
});

test("every callable has an example, and every part of the reference one place", () => {
  for (const name of Object.keys(callables)) assert.ok(page.includes(`$API/${name} `), name);
  assert.throws(() => renew(page.replace("generated: stopSession", "generated: endSession")), /"endSession"/);
  assert.throws(() => renew(page.replace("<!-- generated: claims -->", "")), /no place for "claims"/);
  assert.throws(() => renew(`${page}<!-- generated: claims -->\n<!-- end -->\n`), /"claims"/);
  assert.throws(() => renew(page.replace("### Bundle", "### A bundle")), /no heading for #bundle/);
});

test("an answer that the reference prints is one that the callable could give", () => {
  requireSamples(page);
  assert.throws(() => requireSamples(page.replace(`"state": "ready"`, `"state": "running"`)), /createSession/);
  assert.throws(() => requireSamples(page.replace(`"readyAt"`, `"startedAt"`)), /createSession.*unknown fields/);
  assert.throws(() => requireSamples(page.replace("answer: createSession", "answer: start")), /no callable/);
});

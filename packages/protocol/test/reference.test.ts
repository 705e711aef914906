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

/** A change of the text around. */
const change = (text: string) => text.replace("## Make a call", "## Make calls").replace("#make-a-call", "#make-calls");

test("what is changed by hand in a generated part is set right, and the text around it stays", async () => {
  const changed = change(page)
    .replace("| `pageSize`", "| `size`")
    .replace("<!-- generated: Attach -->", "$&\n\nMore.\n");
  assert.equal(await renew(changed), change(page));
});

test("every callable has an example, and every part of the reference one place", async () => {
  for (const name of Object.keys(callables)) assert.ok(page.includes(`$API/${name} `), name);
  await assert.rejects(renew(page.replace("generated: stopSession", "generated: endSession")), /"endSession"/);
  await assert.rejects(renew(page.replace("<!-- generated: claims -->", "")), /no place for "claims"/);
  await assert.rejects(renew(`${page}<!-- generated: claims -->\n<!-- end -->\n`), /"claims"/);
  await assert.rejects(renew(page.replace("### Bundle", "### A bundle")), /no heading for #bundle/);
});

test("an answer that the reference prints is one that the callable could give", () => {
  requireSamples(page);
  assert.throws(() => requireSamples(page.replace(`"state": "ready"`, `"state": "running"`)), /createSession/);
  assert.throws(() => requireSamples(page.replace(`"readyAt"`, `"startedAt"`)), /createSession.*unknown fields/);
  assert.throws(() => requireSamples(page.replace("answer: createSession", "answer: start")), /no callable/);
});

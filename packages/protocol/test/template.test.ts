import assert from "node:assert/strict";
import { test } from "node:test";
import { shellTemplate, templatesSchema } from "../src/index.ts";

const tool = { name: "tool", title: "Tool", description: "A tool.", source: "npm:tool@1.0.0" };

test("the shell is always there, and a file may only word it otherwise", () => {
  assert.deepEqual(templatesSchema.parse([]), [shellTemplate]);
  assert.deepEqual(templatesSchema.parse([tool]), [shellTemplate, { ...tool, env: [], npmScripts: [] }]);
  const reworded = { ...shellTemplate, title: "Terminal" };
  assert.deepEqual(templatesSchema.parse([tool, reworded])[1], reworded);
  assert.equal(templatesSchema.safeParse([{ ...tool, name: "shell" }]).success, false);
});

test("a template that could never start is refused, and so is what is not known", () => {
  const wrong = {
    "a source that is none": { ...tool, source: "npm:tool" },
    "another template": { ...tool, source: "template:shell" },
    "a name that is none": { ...tool, name: "My Tool" },
    "a variable that is none": { ...tool, env: ["A-B"] },
    "a package that is none": { ...tool, npmScripts: ["../x"] },
    "a command that is empty": { ...tool, command: "" },
    "a field that nobody knows": { ...tool, color: "red" },
  };
  for (const [name, template] of Object.entries(wrong)) {
    assert.equal(templatesSchema.safeParse([template]).success, false, name);
  }
  const twice = templatesSchema.safeParse([tool, tool]);
  assert.deepEqual(twice.error?.issues[0]?.path, [1, "name"]);
});

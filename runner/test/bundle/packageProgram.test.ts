import assert from "node:assert/strict";
import { test } from "node:test";
import { BundleError } from "../../src/bundle/bundleError.ts";
import { packageProgram } from "../../src/bundle/npm/packageProgram.ts";

test("the program of a package is the only one, or the one that bears its name, as one word of the shell", () => {
  assert.equal(packageProgram("It", { name: "@acme/tool", bin: "x.js" }), "tool");
  assert.equal(packageProgram("It", { name: "tool", bin: { other: "x.js" } }), "other");
  assert.equal(packageProgram("It", { name: "@acme/tool", bin: { other: "x.js", tool: "y.js" } }), "tool");
  assert.equal(packageProgram("It", { name: "odd", bin: { "it's; odd": "x" } }), String.raw`'it'\''s; odd'`);
});

test("a package without a program, or with several of other names, has none", () => {
  assert.throws(() => packageProgram("It", { name: "tool", bin: undefined }), BundleError);
  assert.throws(() => packageProgram("It", { name: undefined, bin: "x.js" }), /^BundleError: It has no program/);
  assert.throws(() => packageProgram("It", { name: "tool", bin: { a: "x", b: "y" } }), /several programs \(a, b\)/);
});

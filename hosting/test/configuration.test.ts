import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parseConfiguration } from "../src/configuration.ts";

const firebase = { apiKey: "demo", authDomain: "demo.firebaseapp.com", projectId: "demo" };

test("the example of a configuration is one", async () => {
  const example = await readFile(join(import.meta.dirname, "../config.example.json"), "utf8");
  assert.equal(parseConfiguration(example).firebase.projectId, "PROJECT_ID");
});

test("addresses lose their trailing slash, and the emulator's is optional", () => {
  const file = { firebase, functionsUrl: "http://127.0.0.1:5001/demo/us-central1/" };
  assert.deepEqual(parseConfiguration(JSON.stringify(file)), {
    firebase,
    functionsUrl: "http://127.0.0.1:5001/demo/us-central1",
  });
  const authEmulatorUrl = "http://127.0.0.1:9099";
  assert.equal(parseConfiguration(JSON.stringify({ ...file, authEmulatorUrl })).authEmulatorUrl, authEmulatorUrl);
});

test("App Check needs the app's id beside its key", () => {
  const file = { firebase, functionsUrl: "http://127.0.0.1:5001/demo/us-central1", appCheckSiteKey: "site-key" };
  assert.throws(() => parseConfiguration(JSON.stringify(file)), { message: /firebase\.appId must be a text/ });
  const whole = { ...file, firebase: { ...firebase, appId: "1:2:web:3" } };
  assert.deepEqual(parseConfiguration(JSON.stringify(whole)), whole);
});

test("everything that is missing or wrong is named at once", () => {
  const file = { firebase: { ...firebase, apiKey: "" }, functionsUrl: "javascript:alert(1)", authEmulatorUrl: 9099 };
  assert.throws(() => parseConfiguration(JSON.stringify(file)), {
    message:
      "/config.json is wrong: firebase.apiKey must be a text; functionsUrl must be an http or https address; " +
      "authEmulatorUrl must be an http or https address.",
  });
});

test("a page that is served in the file's place is told as such", () => {
  assert.throws(() => parseConfiguration("<!doctype html>"), { message: /not JSON. Was it deployed/ });
});

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
    signIn: ["password"],
    terminalImages: true,
  });
  const authEmulatorUrl = "http://127.0.0.1:9099";
  assert.equal(parseConfiguration(JSON.stringify({ ...file, authEmulatorUrl })).authEmulatorUrl, authEmulatorUrl);
});

test("App Check needs the app's id beside its key", () => {
  const file = { firebase, functionsUrl: "http://127.0.0.1:5001/demo/us-central1", appCheckSiteKey: "site-key" };
  assert.throws(() => parseConfiguration(JSON.stringify(file)), { message: /firebase\.appId must be a text/ });
  const whole = { ...file, firebase: { ...firebase, appId: "1:2:web:3" } };
  const { appCheckSiteKey, firebase: app } = parseConfiguration(JSON.stringify(whole));
  assert.deepEqual({ appCheckSiteKey, app }, { appCheckSiteKey: "site-key", app: whole.firebase });
});

function signIn(methods: unknown) {
  const file = { firebase, functionsUrl: "https://functions.example", signIn: methods };
  return parseConfiguration(JSON.stringify(file)).signIn;
}

test("ways of signing in keep their order on the page; unknown ones and none are wrong", () => {
  assert.deepEqual(signIn(["password", "google"]), ["google", "password"]);
  for (const wrong of [["github"], ["password", "github"], [], "google"]) {
    assert.throws(() => signIn(wrong), { message: /signIn must be a list of google, emailLink, password/ });
  }
});

test("everything that is missing or wrong is named at once", () => {
  const file = {
    firebase: { ...firebase, apiKey: "" },
    functionsUrl: "javascript:alert(1)",
    authEmulatorUrl: 9099,
    gatewayUrl: "https://gateway.example",
    contact: 7,
    terminalImages: "no",
  };
  assert.throws(() => parseConfiguration(JSON.stringify(file)), {
    message:
      "/config.json is wrong: firebase.apiKey must be a text; functionsUrl must be an address with http or https; " +
      "terminalImages must be true or false; authEmulatorUrl must be an address with http or https; contact must be a text; " +
      "gatewayUrl must be an address with ws or wss.",
  });
});

test("a page that is served in the file's place is told as such", () => {
  assert.throws(() => parseConfiguration("<!doctype html>"), { message: /not JSON. Was it deployed/ });
});

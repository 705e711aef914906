import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { suite, test } from "node:test";
import { promisify } from "node:util";

const loadFunctions = `await import(${JSON.stringify(import.meta.resolve("../src/index.ts"))}); console.log("loaded");`;

/** Loads the functions in a process of their own, as a new instance does. */
function load(variables: Record<string, string>) {
  return promisify(execFile)(process.execPath, ["--input-type=module", "--eval", loadFunctions], {
    env: { PATH: process.env.PATH, ...variables },
    timeout: 30_000,
  });
}

const debugMode = {
  FIREBASE_DEBUG_MODE: "true",
  FIREBASE_DEBUG_FEATURES: JSON.stringify({ skipTokenVerification: true }),
};

suite("Variables that switch off the check of ID tokens", () => {
  test("keep the functions from loading: debug mode of firebase-functions", async () => {
    await assert.rejects(
      load(debugMode),
      /FIREBASE_DEBUG_MODE, FIREBASE_DEBUG_FEATURES would let unsigned ID tokens in/,
    );
  });

  test("keep the functions from loading: Auth emulator of firebase-admin", async () => {
    await assert.rejects(load({ FIREBASE_AUTH_EMULATOR_HOST: "127.0.0.1:9099" }), /FIREBASE_AUTH_EMULATOR_HOST would/);
  });

  test("are fine in the Functions emulator", async () => {
    const { stdout } = await load({ ...debugMode, FUNCTIONS_EMULATOR: "true" });
    assert.match(stdout, /loaded/);
  });

  test("are not there in production, where the functions load", async () => {
    const { stdout } = await load({});
    assert.match(stdout, /loaded/);
  });
});

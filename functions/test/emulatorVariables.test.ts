import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { loadFunctions } from "./support/loadFunctions.ts";

const debugMode = {
  FIREBASE_DEBUG_MODE: "true",
  FIREBASE_DEBUG_FEATURES: JSON.stringify({ skipTokenVerification: true }),
};

suite("Variables that switch off the check of ID tokens", () => {
  test("keep the functions from loading: debug mode of firebase-functions", async () => {
    await assert.rejects(
      loadFunctions(debugMode),
      /FIREBASE_DEBUG_MODE, FIREBASE_DEBUG_FEATURES would let unsigned ID tokens in/,
    );
  });

  test("keep the functions from loading: Auth emulator of firebase-admin", async () => {
    await assert.rejects(
      loadFunctions({ FIREBASE_AUTH_EMULATOR_HOST: "127.0.0.1:9099" }),
      /FIREBASE_AUTH_EMULATOR_HOST would/,
    );
  });

  test("are fine in the Functions emulator", async () => {
    const { stdout } = await loadFunctions({ ...debugMode, FUNCTIONS_EMULATOR: "true" });
    assert.match(stdout, /loaded/);
  });

  test("keep a deployed revision from loading, whatever it is said to be", async () => {
    const deployed = { K_CONFIGURATION: "createsession", FUNCTIONS_EMULATOR: "true" };
    await assert.rejects(
      loadFunctions({ ...debugMode, ...deployed }),
      /FIREBASE_DEBUG_FEATURES.*would let unsigned ID tokens in/,
    );
    await assert.rejects(loadFunctions(deployed), /FUNCTIONS_EMULATOR would let unsigned ID tokens in/);
  });

  test("are not there in production, where the functions load", async () => {
    const { stdout } = await loadFunctions({});
    assert.match(stdout, /loaded/);
  });
});

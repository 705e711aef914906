import assert from "node:assert/strict";
import { test } from "node:test";

interface Deployed {
  __endpoint: { serviceAccountEmail: unknown };
}

test("every function runs as the functions' account, and the rotation alone as its own", async () => {
  const functions = Object.entries((await import("../src/index.ts")) as unknown as Record<string, Deployed>);
  assert.ok(functions.length >= 10);
  for (const [name, { __endpoint }] of functions) {
    const part = name === "rotateSigningKey" ? "ROTATION" : "FUNCTIONS";
    assert.equal(String(__endpoint.serviceAccountEmail), `params.CLISCALE_${part}_SERVICE_ACCOUNT`, name);
  }
});

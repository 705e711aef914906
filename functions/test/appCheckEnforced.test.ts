// App Check enforced: firebase-admin's own check of its tokens, as it is in a deployment.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type AppCheckDoor, startAppCheckDoor } from "./support/appCheckDoor.ts";
import { selfCertified } from "./support/certificate.ts";

let door: AppCheckDoor;

before(async () => {
  door = await startAppCheckDoor("enforce");
});
after(() => door.stop());

test("a call of one of the project's own apps reaches the handler, whatever program makes it", async () => {
  assert.equal((await door.knock(await door.token())).status, "NOT_FOUND");
});

test("one without a token is told how to send one", async () => {
  const { status, message } = await door.knock();
  assert.equal(status, "UNAUTHENTICATED");
  assert.match(message!, /X-Firebase-AppCheck/);
});

test("a token that does not hold is refused", async () => {
  const stranger = await selfCertified();
  const past = Math.floor(Date.now() / 1000) - 60;
  const tokens = [
    "token",
    await door.token({}, stranger),
    await door.token({ exp: past, iat: past - 60 }),
    await door.token({ aud: ["projects/another"] }),
    await door.token({ iss: "https://evil.test/1" }),
  ];
  for (const token of tokens) {
    const { status, message } = await door.knock(token);
    assert.deepEqual([status, message], ["UNAUTHENTICATED", "This App Check token is not valid. Get a new one."]);
  }
});

// App Check monitored: everybody is let in, and the log says who would not be.
import assert from "node:assert/strict";
import { after, before, mock, test } from "node:test";
import { type AppCheckDoor, startAppCheckDoor } from "./support/appCheckDoor.ts";

let door: AppCheckDoor;

before(async () => {
  door = await startAppCheckDoor("monitor");
});
after(() => door.stop());

/** What the log says of App Check while a call is made. */
async function logged(token?: string): Promise<unknown[]> {
  const lines: string[] = [];
  const { stdout } = process;
  const writeOn = stdout.write.bind(stdout);
  // What is no text is what the test runner tells its parent.
  const write = mock.method(stdout, "write", (written: string | Uint8Array) =>
    typeof written === "string" ? lines.push(written) > 0 : writeOn(written),
  );
  try {
    assert.equal((await door.knock(token)).status, "NOT_FOUND");
  } finally {
    write.mock.restore();
  }
  return lines
    .flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as Record<string, unknown>] : []))
    .flatMap(({ appCheck }) => (appCheck === undefined ? [] : [appCheck]));
}

test("every call reaches the handler, and leaves its verdict in the log", async () => {
  assert.deepEqual(await logged(await door.token()), ["valid"]);
  assert.deepEqual(await logged(), ["missing"]);
  assert.deepEqual(await logged("token"), ["invalid"]);
});

import type { TestContext } from "node:test";
import { terminalUrl } from "../../../../runner/test/support/client.ts";
import { startTestSession } from "../../../../runner/test/support/session.ts";

/** A runner's session of which so much output is kept; the WebSocket of its terminal. */
export async function startKeptSession(t: TestContext, command: string, keptBytes?: number): Promise<string> {
  const { settings } = await startTestSession(t, { command }, {}, keptBytes);
  return terminalUrl(settings);
}

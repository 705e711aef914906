import { CallError, type Client, type Screen, openTerminal } from "@cliscale/client";
import type { TerminalSize } from "@cliscale/protocol";

const mute: Screen = { write: (_bytes, drawn) => drawn(), reset() {}, resize() {} };
const patienceMilliseconds = 15_000;

/**
 * Keeps a session from ending idle without typing into it: an attach counts as activity, and a second terminal that attaches
 * and goes again changes nothing for the first.
 * @throws CallError when it cannot be attached.
 */
export async function touchSession(client: Client, sessionId: string, size: TerminalSize): Promise<void> {
  const attached = Promise.withResolvers<void>();
  const late = setTimeout(
    () => attached.reject(new CallError("unavailable", "The terminal cannot be reached. Try again.")),
    patienceMilliseconds,
  );
  const terminal = openTerminal({
    client,
    sessionId,
    screen: mute,
    size,
    onState(state) {
      if (state.name === "attached") attached.resolve();
      if (state.name === "ended") attached.reject(new CallError("failed-precondition", "The session has ended."));
    },
  });
  try {
    await attached.promise;
  } finally {
    clearTimeout(late);
    terminal.close();
  }
}
